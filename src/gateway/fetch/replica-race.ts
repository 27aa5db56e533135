import type { Replica } from "../router/router.ts";
import type { ShardResponse } from "./shard-fetcher.ts";

/** What became of a request to one replica. */
export type Outcome = { response: ShardResponse } | { reason: string; brokenConnection: boolean };

/** Why a replica is raced: its headers are later than is usual, or it gives no sign of life. */
export type Lateness = "slow" | "lifeless";

export interface RaceRules {
  /**
   * Asks a replica. It calls `late` while its headers do not come.
   * @throws the signal's reason, and nothing else
   */
  ask(replica: Replica, late: (why: Lateness) => void, signal: AbortSignal): Promise<Outcome>;
  /** Whether the replica may be asked while another one is late. Asked only where it would be. */
  mayJoin(replica: Replica, why: Lateness): boolean;
  /** The answer of a replica that joined came first. */
  joinedAndWon(): void;
}

/** Another replica has answered first. */
export class Outrun extends Error {
  override readonly name = "Outrun";
}

/** Asks replicas in turn: the next when one has failed, and also when one is late; the first that answers wins, the others are cancelled. */
export class ReplicaRace {
  /** Those that failed. */
  readonly failed = new Map<Replica, Exclude<Outcome, { response: ShardResponse }>>();
  readonly #queue: Replica[];
  readonly #rules: RaceRules;
  readonly #signal: AbortSignal;
  readonly #running = new Map<Replica, AbortController>();
  readonly #joined = new Set<Replica>();
  readonly #result = Promise.withResolvers<ShardResponse | undefined>();
  #isOver = false;

  /** @param replicas best first */
  constructor(replicas: readonly Replica[], rules: RaceRules, signal: AbortSignal) {
    this.#queue = [...replicas];
    this.#rules = rules;
    this.#signal = signal;
  }

  /** @returns undefined when all of them have failed @throws the signal's reason */
  async run(): Promise<ShardResponse | undefined> {
    this.#next();
    return await this.#result.promise;
  }

  #next(): void {
    const replica = this.#queue.shift();
    if (replica) void this.#start(replica);
    else if (this.#running.size === 0) this.#result.resolve(undefined);
  }

  async #start(replica: Replica): Promise<void> {
    const lost = new AbortController();
    this.#running.set(replica, lost);
    try {
      const signal = AbortSignal.any([this.#signal, lost.signal]);
      const outcome = await this.#rules.ask(replica, (why) => this.#late(why), signal);
      this.#running.delete(replica);
      if ("response" in outcome) this.#answered(outcome.response);
      else if (!this.#isOver) {
        this.failed.set(replica, outcome);
        if (this.#running.size === 0) this.#next();
      }
    } catch (error) {
      if (lost.signal.aborted) return;
      this.#isOver = true;
      this.#result.reject(error);
    }
  }

  #answered(response: ShardResponse): void {
    if (this.#isOver) {
      // both came at the same moment
      response.body.on("error", () => {}).destroy();
      return;
    }
    this.#isOver = true;
    if (this.#joined.has(response.replica)) this.#rules.joinedAndWon();
    const reason = new Outrun(`${response.replica.server} has answered first`);
    for (const lost of this.#running.values()) lost.abort(reason);
    this.#result.resolve(response);
  }

  #late(why: Lateness): void {
    const next = this.#queue[0];
    // those behind the next are no better
    if (this.#isOver || !next || !this.#rules.mayJoin(next, why)) return;
    this.#queue.shift();
    this.#joined.add(next);
    void this.#start(next);
  }
}
