import type { Dispatcher } from "undici";
import type { KnownReplica } from "./known-replica.ts";
import { afterOwnTime } from "./own-time.ts";
import { probeReplica } from "./replica-probe.ts";

/** ms */
export interface WatchTimes {
  /** Between two probes of a replica that is well. */
  well: number;
  /** Between two probes of one that is not. */
  ill: number;
  /** After which a server that has not answered a probe, nor anything else, is doubted. */
  doubt: number;
  /** After which it is silent: put aside, and what waits for it is given up. */
  patience: number;
  /** After which a server that is well is asked for its labels again: a reload may have changed them. */
  afresh: number;
}

export const watchTimes: WatchTimes = {
  well: 1000,
  ill: 250,
  doubt: 200,
  patience: 600,
  afresh: 15_000,
};

/** With one that has much to do, in multiples of the patience: its silence is likelier to come from that. */
const patienceWithBusy = 3;
/** That a whole probe may take, in multiples of the patience: the configuration may be long. */
const patienceToRead = 4;
/** ms between the beginnings of two probes that slow answers bring about. */
const closest = 200;

const unreachable = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
]);

export interface WatchEvents {
  /** Nothing comes back, for a moment; or what came back was bad. */
  doubtful(replica: KnownReplica): void;
  /** Nothing came back. */
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
  #began = Number.NEGATIVE_INFINITY;
  #probing: Promise<string | undefined> | undefined;
  #probed: { objection: string | undefined; isSilent: boolean } | undefined;
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

  /** An answer is late: probes as soon as the last probe is a moment old. */
  lookSoon(): void {
    setTimeout(() => this.#wake?.(), Math.max(0, this.#began + closest - performance.now()));
  }

  /** What a probe says that begins now. Silence, which takes long to be found, is believed until a probe finds otherwise. */
  async objection(): Promise<string | undefined> {
    if (this.#probed?.isSilent) return this.#probed.objection;
    const isUnderWay = this.#probing !== undefined;
    const objection = await this.#probe();
    if (objection === undefined || !isUnderWay || this.#probed?.isSilent) return objection;
    return await this.#probe();
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await this.#probe();
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

  async #probe(): Promise<string | undefined> {
    this.#probing ??= this.#probeOnce().finally(() => (this.#probing = undefined));
    return await this.#probing;
  }

  /** @returns why no request may be sent to it */
  async #probeOnce(): Promise<string | undefined> {
    const replica = this.#replica;
    const { doubt, patience, afresh: old } = this.#times;
    const began = performance.now();
    this.#began = began;
    const late = new AbortController();
    const doubting = afterOwnTime(doubt, () => this.#doubt(began));
    let waited = patience;
    let losing = afterOwnTime(patience, () => {
      waited = replica.isBusy ? patience * patienceWithBusy : patience;
      if (!replica.isBusy) return late.abort();
      losing = afterOwnTime(waited - patience, () => late.abort());
    });
    const heard = () => {
      doubting();
      losing();
      replica.heard(performance.now());
    };
    let objection: string | undefined;
    let isSilent = false;
    try {
      const afresh = replica.condition.state !== "well" || began - this.#askedAfresh > old;
      const over = AbortSignal.any([
        late.signal,
        AbortSignal.timeout(patience * patienceToRead),
        this.#over.signal,
      ]);
      const found = await probeReplica(this.#dispatcher, replica, { afresh, heard }, over);
      if (afresh) this.#askedAfresh = began;
      replica.features = found.features;
      replica.labels = found.labels;
      this.#tellConfig(found.staleConfig);
      if (replica.recovered(performance.now())) this.#events.say(`${replica.server} is well again`);
    } catch (error) {
      if (this.#over.signal.aborted) return "it has left the topology";
      // busy, and not gone: it has answered somebody else meanwhile
      if (late.signal.aborted && replica.condition.state === "well" && replica.heardSince(began))
        return undefined;
      objection = late.signal.aborted ? `no answer within ${waited} ms` : reasonOf(error);
      isSilent = late.signal.aborted || isUnreachable(error);
      this.#probed = { objection, isSilent };
      if (replica.failed(objection, performance.now()))
        this.#events.say(`${replica.server} is put aside: ${objection}`);
      if (isSilent) this.#events.silent(replica);
      else this.#events.doubtful(replica);
    } finally {
      doubting();
      losing();
    }
    this.#probed = { objection, isSilent };
    return objection;
  }

  #tellConfig(isStale: boolean): void {
    const replica = this.#replica;
    if (isStale === replica.staleConfig) return;
    replica.staleConfig = isStale;
    this.#events.say(
      isStale
        ? `${replica.server} could not take its configuration and goes by an old one: others are asked first`
        : `${replica.server} has taken its configuration`,
    );
  }

  #doubt(since: number): void {
    if (this.#replica.heardSince(since)) return;
    this.#replica.doubted = true;
    this.#events.doubtful(this.#replica);
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
