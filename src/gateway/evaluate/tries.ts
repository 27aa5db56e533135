import { PromfleetError } from "../../errors/promfleet-error.ts";
import { ShardLost } from "../fetch/shard-fetcher.ts";
import type { Replica } from "../router/router.ts";

/** Tries after a replica has failed in the middle of a read. */
const replicaTries = 4;
/** Tries after the evaluator has failed while it was at the query; such a query may be what kills it. */
const evaluatorTries = 3;
/** ms between tries while the evaluator does not accept connections. */
const pauses = { first: 20, longest: 400 };

/** A try that led to nothing, though another may. */
export type Retry = CountedRetry | { retry: "begin_earlier" };

/** One that may lead to nothing again. */
type CountedRetry =
  | { retry: "replica"; replica: Replica; reason: string }
  | { retry: "evaluator"; reason: string; connected: boolean };

/** What went wrong so far with one query. */
export class Tries {
  /** Replicas that have failed, the one that failed last at the end. */
  readonly avoid = new Set<Replica>();
  readonly #replicas: { replica: Replica; reason: string }[] = [];
  #evaluator = 0;
  #pauseMs = pauses.first;

  /** @returns ms to wait @throws when it was tried often enough */
  next(outcome: CountedRetry): number {
    if (outcome.retry === "replica") {
      const { replica, reason } = outcome;
      this.#replicas.push({ replica, reason });
      this.avoid.delete(replica);
      this.avoid.add(replica);
      if (this.#replicas.length < replicaTries) return 0;
      const { shard } = replica;
      const attempts = this.#replicas.filter((failed) => failed.replica.shard === shard);
      throw new ShardLost(
        shard,
        attempts.map((failed) => ({ server: failed.replica.server, reason: failed.reason })),
      );
    }
    if (outcome.connected && ++this.#evaluator >= evaluatorTries) {
      throw new PromfleetError({
        code: "EVALUATOR_FAILED",
        message: `the evaluator did not answer: ${outcome.reason}`,
      });
    }
    const waitMs = this.#pauseMs;
    this.#pauseMs = Math.min(waitMs * 2, pauses.longest);
    return waitMs;
  }
}
