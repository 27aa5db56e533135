import { randomBytes } from "node:crypto";
import type { ShardLack } from "../coverage/hole.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import type { ShardSources } from "../coverage/shard-sources.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { PieceSource, ReadFailure, ReadRecord, ReadSpool, ReadingQuery } from "../read/reading-query.ts";
import { ReadFailed } from "../read/reading-query.ts";
import type { GivenParts } from "../planner/query-request.ts";
import type { Replica } from "../router/router.ts";

const idBytes = 16;

export interface QuerySettings {
  /** How many reads the evaluator makes for it. */
  expectedReads: number;
  /** Replicas that have failed this query before. */
  avoid: ReadonlySet<Replica>;
  sources: ShardSources;
  /** Shards that are left out. */
  without: ReadonlySet<string>;
  /** Of the samples that it reads; undefined where that is not certain. */
  times: TimeRange | undefined;
  spool: ReadSpool | undefined;
  /** Whether the evaluator takes native histograms in an answer of samples. */
  takesHistograms: boolean;
  /** See ReadingQuery. */
  earlierMs: number | undefined;
  /** Parts of it that were evaluated before. */
  given: GivenParts | undefined;
  /** Told of bytes of servers' answers. */
  came: (bytes: number) => void;
  /** What its reads go through, told the id that they are known by. */
  through?: ((fetcher: ShardFetcher, id: string) => ShardFetcher) | undefined;
  /** Aborted when nobody waits for the query any more. */
  signal: AbortSignal;
}

/** The queries that the evaluator is working on, by ids that nobody can guess. */
export class QueryRegistry {
  readonly #queries = new Map<string, QueryInFlight>();

  get size(): number {
    return this.#queries.size;
  }

  begin(settings: QuerySettings): QueryInFlight {
    const id = randomBytes(idBytes).toString("hex");
    const query = new QueryInFlight(id, settings, () => this.#queries.delete(id));
    this.#queries.set(id, query);
    return query;
  }

  find(id: string): QueryInFlight | undefined {
    return this.#queries.get(id);
  }
}

/** One try to have a query evaluated, and what became of its reads. */
export class QueryInFlight implements ReadingQuery {
  /** 32 hexadecimal digits, as a trace id. */
  readonly id: string;
  readonly spool: ReadSpool | undefined;
  readonly takesHistograms: boolean;
  readonly earlierMs: number | undefined;
  readonly signal: AbortSignal;
  /** For the evaluator's request: aborted with ReadFailed once a read has failed, but not by `end`. */
  readonly failing: AbortSignal;
  /** What it should have read and only a replica has that can not be asked. */
  readonly lacking: ShardLack[] = [];
  /** The first read that failed. */
  failure: ReadFailure | undefined;
  readonly #settings: QuerySettings;
  readonly #failing = new AbortController();
  readonly #over = new AbortController();
  readonly #forget: () => void;
  readonly #answered: Map<string, Replica>;
  readonly #chosen = new Map<string, Replica>();
  readonly #settled = Promise.withResolvers<void>();
  #open = 0;
  #done = 0;

  constructor(id: string, settings: QuerySettings, forget: () => void) {
    this.id = id;
    this.spool = settings.spool;
    this.takesHistograms = settings.takesHistograms;
    this.earlierMs = settings.earlierMs;
    this.failing = AbortSignal.any([settings.signal, this.#failing.signal]);
    this.signal = AbortSignal.any([this.failing, this.#over.signal]);
    this.#settings = settings;
    this.#answered = new Map(settings.given?.replicas);
    this.#forget = forget;
  }

  sources(shard: string, range: TimeRange): readonly PieceSource[] {
    const { sources, avoid, times, without } = this.#settings;
    if (without.has(shard)) return [];
    const chosen = this.#answered.get(shard) ?? this.#chosen.get(shard);
    const first = chosen ?? sources.covering(shard, times ?? range, avoid)[0]?.replica;
    if (first) this.#chosen.set(shard, first);
    const { pieces, lacking } = sources.plan(shard, range, first, avoid);
    for (const lack of lacking) this.lacking.push({ ...lack, shard });
    const [only, ...more] = pieces;
    if (!only || more.length > 0) return pieces.map((piece) => ({ ...piece, others: [] }));
    // while nothing was answered yet, whoever has all of it can stand in
    const others = sources
      .covering(shard, range, avoid)
      .flatMap(({ replica, holes }) => (replica === only.replica || holes.length > 0 ? [] : [replica]));
    return [{ ...only, others }];
  }

  get mayHedge(): boolean {
    return this.#settings.expectedReads === 1;
  }

  /** Who has answered, by shard. */
  get replicas(): ReadonlyMap<string, Replica> {
    return this.#answered;
  }

  came(bytes: number): void {
    this.#settings.came(bytes);
  }

  through(fetcher: ShardFetcher): ShardFetcher {
    return this.#settings.through?.(fetcher, this.id) ?? fetcher;
  }

  part(id: string): Buffer | undefined {
    return this.#settings.given?.results.get(id);
  }

  answered(shard: string, replica: Replica): Replica | undefined {
    const before = this.#answered.get(shard);
    if (!before) this.#answered.set(shard, replica);
    return before === replica ? undefined : before;
  }

  beginRead(): ReadRecord {
    this.#open++;
    let ended = false;
    const end = (then: () => void) => () => {
      if (ended) return;
      ended = true;
      this.#open--;
      then();
      if (this.#isSettled) this.#settled.resolve();
    };
    return {
      done: end(() => this.#done++),
      abandoned: end(() => {}),
      failed: (failure) => end(() => this.#fail(failure))(),
    };
  }

  /** Waits for the reads that the evaluator has begun. It has answered, so each of them is about to end. */
  async settled(): Promise<void> {
    if (!this.#isSettled) await this.#settled.promise;
  }

  /** Reads that were never made, or not taken to their end. */
  get missingReads(): number {
    return this.#settings.expectedReads - this.#done;
  }

  /** Ends what is still going on for it; its id is known no more. */
  end(): void {
    this.#forget();
    this.#over.abort(new Error("the query is over"));
    this.#settled.resolve();
  }

  get #isSettled(): boolean {
    return this.#open === 0 || this.failure !== undefined;
  }

  #fail(failure: ReadFailure): void {
    this.failure ??= failure;
    this.#failing.abort(new ReadFailed(failure));
  }
}
