import type { Dispatcher } from "undici";
import type { KnownReplica } from "./known-replica.ts";
import { probeReplica } from "./replica-probe.ts";

/** ms */
export interface WatchTimes {
  /** Between two probes of a replica that is well. */
  well: number;
  /** Between two probes of one that is not. */
  ill: number;
  /** That a probe may take. */
  patience: number;
  /** That the first probe, one on which a request waits, and one of a server that did not answer the last, may take. */
  shortPatience: number;
  /** After which a server that is well is asked for its labels again: a reload may have changed them. */
  afresh: number;
}

export const watchTimes: WatchTimes = {
  well: 1000,
  ill: 250,
  patience: 1000,
  shortPatience: 500,
  afresh: 15_000,
};

/** Silent probes after which its requests are given up. */
const silentProbes = 2;

const unreachable = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
]);

export interface WatchEvents {
  /** Nothing came back, that many probes in a row. */
  silent(replica: KnownReplica): void;
  /** One sentence, when its condition changes. */
  say(sentence: string): void;
}

/** Probes one replica for as long as it stands in the topology. */
export class ReplicaWatch {
  readonly #replica: KnownReplica;
  readonly #dispatcher: Dispatcher;
  readonly #times: WatchTimes;
  readonly #events: WatchEvents;
  readonly #over = new AbortController();
  #wake: (() => void) | undefined;
  #probing: Promise<string | undefined> | undefined;
  #probed: { at: number; objection: string | undefined; isSilent: boolean } | undefined;
  #silence = 0;
  #askedAfresh = Number.NEGATIVE_INFINITY;

  constructor(replica: KnownReplica, dispatcher: Dispatcher, times: WatchTimes, events: WatchEvents) {
    this.#replica = replica;
    this.#dispatcher = dispatcher;
    this.#times = times;
    this.#events = events;
    void this.#run();
  }

  stop(): void {
    this.#over.abort();
    this.#wake?.();
  }

  /** Something went wrong with it: probes at once. */
  lookNow(): void {
    this.#wake?.();
  }

  /** What a probe says that begins now and ends soon. Silence, which takes long to be found, is believed for a moment. */
  async objection(): Promise<string | undefined> {
    const last = this.#probed;
    if (last?.isSilent && performance.now() - last.at < this.#times.ill) return last.objection;
    const isUnderWay = this.#probing !== undefined;
    const objection = await this.#probe(this.#times.shortPatience);
    if (objection === undefined || !isUnderWay || this.#probed?.isSilent) return objection;
    return await this.#probe(this.#times.shortPatience);
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const { patience, shortPatience } = this.#times;
      await this.#probe(this.#probed && this.#silence === 0 ? patience : shortPatience);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(
        resolve,
        this.#replica.condition.state === "well" ? this.#times.well : this.#times.ill,
      );
      await promise;
      clearTimeout(timer);
    }
  }

  async #probe(patienceMs: number): Promise<string | undefined> {
    this.#probing ??= this.#probeOnce(patienceMs).finally(() => (this.#probing = undefined));
    return await this.#probing;
  }

  /** @returns why no request may be sent to it */
  async #probeOnce(patienceMs: number): Promise<string | undefined> {
    const replica = this.#replica;
    const late = AbortSignal.timeout(patienceMs);
    let objection: string | undefined;
    let isSilent = false;
    try {
      const began = performance.now();
      const afresh = replica.condition.state !== "well" || began - this.#askedAfresh > this.#times.afresh;
      const found = await probeReplica(
        this.#dispatcher,
        replica,
        afresh,
        AbortSignal.any([late, this.#over.signal]),
      );
      if (afresh) this.#askedAfresh = began;
      replica.features = found.features;
      replica.labels = found.labels;
      this.#silence = 0;
      if (replica.recovered(performance.now())) this.#events.say(`${replica.server} is well again`);
    } catch (error) {
      if (this.#over.signal.aborted) return "it has left the topology";
      objection = late.aborted ? `no answer within ${patienceMs} ms` : reasonOf(error);
      if (replica.failed(objection, performance.now()))
        this.#events.say(`${replica.server} is put aside: ${objection}`);
      isSilent = late.aborted || isUnreachable(error);
      this.#silence = isSilent ? this.#silence + 1 : 0;
      if (this.#silence >= silentProbes) this.#events.silent(replica);
    }
    this.#probed = { at: performance.now(), objection, isSilent };
    return objection;
  }
}

/** Where a host is gone, its connections do not end, and new ones are not even refused. */
function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && unreachable.has(code);
}

/** The words of an error, of its cause where it has none. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error.message || error.name;
}
