import type { ReadingQuery } from "./reading-query.ts";
import type { ShardReads } from "./shard-reads.ts";

/** Bounds on what reads may hold in memory, in bytes. */
export interface ReadLimits {
  /** Of one frame, and of one series that is put together from several. */
  frameBytes: number;
  /** Of one whole answer in samples, uncompressed. */
  sampledBytes: number;
  /** Of a read request. */
  requestBytes: number;
}

const mebibyte = 1024 ** 2;

export const defaultReadLimits: ReadLimits = {
  // of as many samples as an evaluator takes for one query
  frameBytes: 64 * mebibyte,
  sampledBytes: 512 * mebibyte,
  requestBytes: 32 * mebibyte,
};

/** Counted over the life of a read listener. */
export interface ReadCounts {
  /** Reads being answered now. */
  open: number;
  done: number;
  failed: number;
  abandoned: number;
  /** Requests that belong to no query in flight. */
  refused: number;
  /** Series left out because a shard before had the same one. */
  duplicates: number;
}

/** Everything that answering one read needs. */
export interface ReadAnswering {
  reads: ShardReads;
  query: ReadingQuery;
  /** Aborted when the evaluator, or the query, gives the read up. */
  signal: AbortSignal;
  limits: ReadLimits;
  /** Jobs that the first shard answers for, as labelInKey makes them. */
  sharedJobs: readonly string[];
  counts: ReadCounts;
}
