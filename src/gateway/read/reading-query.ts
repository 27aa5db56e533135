import type { PromfleetError } from "../../errors/promfleet-error.ts";
import type { Piece } from "../coverage/hole.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import type { ShardFetcher, ShardLost } from "../fetch/shard-fetcher.ts";
import type { Replica } from "../router/router.ts";

/** A query in flight, as far as the reads that it causes have to know it. */
export interface ReadingQuery {
  /** Aborted when the query is over, has failed, or is no longer wanted. */
  readonly signal: AbortSignal;
  /** Whether the evaluator takes native histograms in an answer of samples. */
  readonly takesHistograms: boolean;
  /**
   * By how many ms reads begin earlier, so that a server tells of a series' first native histogram what it is to the one before; 0 where
   * a read has to fail that needs it; undefined where that does not show in the answer.
   */
  readonly earlierMs: number | undefined;
  /** Who gives which part of a read of this query. */
  sources(shard: string, range: TimeRange): readonly PieceSource[];
  /** Whether a read may go to two replicas at the same time: not where another read of the query may be answered by the other. */
  readonly mayHedge: boolean;
  /**
   * A replica has answered a read. All reads of a query that go to one shard have to come from one replica: what two of them
   * scraped differs by moments.
   * @returns the other replica that has answered for the shard before, if there is one
   */
  answered(shard: string, replica: Replica): Replica | undefined;
  /** Bytes of a replica's answer have come. */
  came(bytes: number): void;
  /** What its reads of the shards go through. */
  through(fetcher: ShardFetcher): ShardFetcher;
  /** A read has come in; undefined if it is one more than the query makes. */
  beginRead(): ReadRecord | undefined;
  /**
   * For a query whose reads are more than the servers take at once: how many bytes of answers it may still hold here, shared by
   * all its reads, and a turn to wait for. Undefined where the answers are passed on as they come.
   */
  readonly spool: ReadSpool | undefined;
  /** A part of the query that was evaluated before, as the result of a read. */
  part(id: string): Buffer | undefined;
}

/** A part of a read, and who can give it: the first, and others as well where that one fails before it has answered. */
export interface PieceSource extends Piece<Replica> {
  others: readonly Replica[];
}

/** What becomes of one read. The first call counts. */
export interface ReadRecord {
  /** All of it was handed to the evaluator. */
  done(): void;
  failed(failure: ReadFailure): void;
  /** The evaluator, or the query, gave it up. */
  abandoned(): void;
}

export interface ReadSpool {
  /** Waits until the read may ask the shards; the function it gives ends the turn. */
  turn(signal: AbortSignal): Promise<() => void>;
  /** Takes bytes from what may be held. @throws PromfleetError when there are none left */
  hold(bytes: number): void;
}

/** Why a read was not answered. */
export type ReadFailure =
  /** No replica of the shard is there. */
  | { kind: "lost"; error: ShardLost }
  /** A replica answered wrongly or broke off: another may do better. */
  | { kind: "replica"; replica: Replica; reason: string }
  /** It has to begin earlier, see ReadingQuery. */
  | { kind: "begins_late" }
  /** No replica would do better. */
  | { kind: "refused"; error: PromfleetError };

/** Carries a failure up to where the read is recorded. */
export class ReadFailed extends Error {
  override readonly name = "ReadFailed";
  readonly failure: ReadFailure;

  constructor(failure: ReadFailure, options?: ErrorOptions) {
    super(messageOf(failure), options);
    this.failure = failure;
  }
}

function messageOf(failure: ReadFailure): string {
  switch (failure.kind) {
    case "replica":
      return failure.reason;
    case "begins_late":
      return "it begins later than it has to";
    case "lost":
    case "refused":
  }
  return failure.error.message;
}
