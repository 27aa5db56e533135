import { always, type ShardSources } from "../coverage/shard-sources.ts";
import { lackWarnings } from "../coverage/lack-warnings.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import { QueryInFlight } from "../evaluate/query-registry.ts";
import { ReadAdmission } from "../evaluate/read-admission.ts";
import { Tries } from "../evaluate/tries.ts";
import { lostWarnings } from "../evaluate/warned-answer.ts";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type ShardFetcher, ShardLost } from "../fetch/shard-fetcher.ts";
import type { ReadAnswering, ReadLimits } from "../read/read-answering.ts";
import { ReadFailed } from "../read/reading-query.ts";
import type { ShardReads } from "../read/shard-reads.ts";
import { labelInKey } from "../../remote-read/label-key.ts";
import type { ReadQuery } from "../../remote-read/read-request.ts";

/** What clients of the gateway ask of the samples of all shards. */
export interface FleetRead {
  queries: readonly ReadQuery[];
  /** As of a query: whether the answer may lack what can not be had now. */
  partial: boolean | undefined;
  /** What its reads of the shards go through. */
  fetcher: ShardFetcher;
}

/** What came of a read; until `end`, or until the signal is aborted, it keeps its place at the servers. */
export interface ReadOutcome<T> {
  value: T;
  /** What the answer lacks. */
  warnings: readonly string[];
  end: () => void;
}

const mebibyte = 1024 ** 2;
/** A client may be anybody, and there may be many: less than for the evaluator's reads. */
const limits: ReadLimits = {
  frameBytes: 64 * mebibyte,
  sampledBytes: 128 * mebibyte,
  requestBytes: 4 * mebibyte,
};
/** Answers that are whole in memory while they are made. */
const wholeAtOnce = 2;

/** The reads of clients, as opposed to those of the evaluator: the same merge of the shards' series, judged here. */
export class FleetReads {
  readonly #reads: Pick<ShardReads, "router">;
  readonly #sources: ShardSources;
  readonly #admission: ReadAdmission;
  readonly #share: ReadAdmission;
  readonly #whole = new ReadAdmission(() => wholeAtOnce, 0);

  /** @param admission what all reads share, the evaluator's too */
  constructor(reads: Pick<ShardReads, "router">, sources: ShardSources, admission: ReadAdmission) {
    this.#reads = reads;
    this.#sources = sources;
    this.#admission = admission;
    // a client can be as slow as it likes: queries are to find room beside it
    this.#share = new ReadAdmission(() => Math.max(1, Math.floor(admission.state.room / 2)), 0);
  }

  /** Reads that wait for a place at the servers. */
  readonly waiting = (): number => this.#share.state.waiting;

  /**
   * Makes something of a read, again without a replica that has failed.
   * @param make may give what is not whole yet, if it sees to `end`; a failure after that is its own to tell
   * @throws ShardLost; PromfleetError; the signal's reason. The caller aborts the signal afterwards in any case.
   */
  async read<T>(
    { queries, partial, fetcher }: FleetRead,
    signal: AbortSignal,
    make: (answering: ReadAnswering) => Promise<T>,
  ): Promise<ReadOutcome<T>> {
    let tries = new Tries();
    const lost = new Map<string, ShardLost>();
    for (;;) {
      const without = new Set(lost.keys());
      try {
        const outcome = await this.#try({ queries, fetcher }, tries.avoid, without, signal, make);
        if (partial === false && outcome.lacking.length > 0)
          throw new PromfleetError({ code: "SAMPLES_UNAVAILABLE", message: outcome.lacking.join("; ") });
        return { ...outcome, warnings: [...lostWarnings([...lost.values()]), ...outcome.lacking] };
      } catch (error) {
        signal.throwIfAborted();
        const missing = afterFailure(error, tries);
        if (!missing) continue;
        if (partial !== true || lost.has(missing.shard)) throw missing;
        lost.set(missing.shard, missing);
        tries = new Tries();
      }
    }
  }

  /** As read, for what is whole in memory: only so many at a time. */
  async readWhole<T>(
    read: FleetRead,
    signal: AbortSignal,
    make: (answering: ReadAnswering) => Promise<T>,
  ): Promise<Omit<ReadOutcome<T>, "end">> {
    const turn = await this.#whole.enter(1, signal);
    try {
      const { value, warnings, end } = await this.read(read, signal, make);
      end();
      return { value, warnings };
    } finally {
      turn.release();
    }
  }

  async #try<T>(
    { queries, fetcher }: Pick<FleetRead, "queries" | "fetcher">,
    avoid: Tries["avoid"],
    without: ReadonlySet<string>,
    signal: AbortSignal,
    make: (answering: ReadAnswering) => Promise<T>,
  ): Promise<{ value: T; lacking: readonly string[]; end: () => void }> {
    const times = allTimes(queries);
    const leave = await this.#enter(this.#sources.readsFor(times), signal);
    const query = new QueryInFlight(
      "",
      {
        expectedReads: queries.length,
        avoid: new Set(avoid),
        sources: this.#sources,
        without,
        times,
        spool: undefined,
        takesHistograms: this.#giveHistograms(),
        earlierMs: undefined,
        given: undefined,
        came: () => {},
        signal,
      },
      leave,
    );
    const end = () => query.end();
    signal.addEventListener("abort", end, { once: true });
    try {
      const value = await make({
        reads: { ...this.#reads, fetcher },
        query,
        signal: query.signal,
        limits,
        sharedJobs: this.#reads.router.topology.onEveryShard.map((job) => labelInKey("job", job)),
        counts: { open: 0, done: 0, failed: 0, abandoned: 0, refused: 0, duplicates: 0 },
      });
      return { value, lacking: lackWarnings(this.#lacking(queries, avoid, without)), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Its own share first: who waits for that takes nothing of what all share. */
  async #enter(reads: number, signal: AbortSignal): Promise<() => void> {
    const share = await this.#share.enter(reads, signal);
    try {
      const room = await this.#admission.enter(reads, signal);
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        room.release();
        share.release();
      };
    } catch (error) {
      share.release();
      throw error;
    }
  }

  /** What no replica that can be asked has; of all queries, also those that are still to be read. */
  #lacking(queries: readonly ReadQuery[], avoid: Tries["avoid"], without: ReadonlySet<string>) {
    const shards = this.#reads.router.shardIds().filter((shard) => !without.has(shard));
    return queries.flatMap((query) =>
      shards.flatMap((shard) =>
        this.#sources
          .plan(shard, rangeOf(query), undefined, avoid)
          .lacking.map((lack) => ({ ...lack, shard })),
      ),
    );
  }

  /** Whether all servers show native histograms in answers of samples. */
  #giveHistograms(): boolean {
    const { router } = this.#reads;
    return router
      .shardIds()
      .flatMap((shard) => router.candidates(shard))
      .every(({ features }) => features?.readsHistograms !== false);
  }
}

/** @returns the shard that is lost; undefined where another try may do better @throws what it would not help against */
function afterFailure(error: unknown, tries: Tries): ShardLost | undefined {
  try {
    if (!(error instanceof ReadFailed)) throw error;
    const { failure } = error;
    if (failure.kind === "lost" || failure.kind === "refused") throw failure.error;
    if (failure.kind === "begins_late") throw error;
    const { replica, reason } = failure;
    tries.next({ retry: "replica", replica, reason });
    return undefined;
  } catch (last) {
    if (last instanceof ShardLost) return last;
    throw last;
  }
}

const rangeOf = ({ start, end }: ReadQuery): TimeRange => ({
  from: Math.max(Number(start), always.from),
  to: Math.min(Number(end), always.to),
});

function allTimes(queries: readonly ReadQuery[]): TimeRange {
  const ranges = queries.map(rangeOf);
  return {
    from: Math.min(...ranges.map(({ from }) => from)),
    to: Math.max(...ranges.map(({ to }) => to)),
  };
}
