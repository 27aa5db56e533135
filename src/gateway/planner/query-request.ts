import type { Readable } from "node:stream";
import type { Expression } from "../../promql/expression.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { Annotations } from "../protocol/annotations.ts";
import type { Replica } from "../router/router.ts";

/** A query or query_range request after decoding and checking. */
export interface QueryRequest {
  kind: "instant" | "range";
  /** The user's text, as sent. */
  query: string;
  /** Undefined where our parser does not understand it as a whole. */
  expression: Expression | undefined;
  /** When it is evaluated, ms since 1970, every so many ms of a range, and how far back an instant looks where the request says so, ms. */
  evaluated: { start: number; end: number; step: number | undefined; lookback: number | undefined };
  /** Every parameter as it is to be sent on, in order, `query` included; `time` already fixed for instant queries. */
  params: readonly (readonly [string, string])[];
  /** The client's Accept-Encoding, "" if none; passed on so that compressed bytes are piped through. */
  acceptEncoding: string;
  /** ms; the request's own timeout, capped by the limits. */
  timeoutMs: number;
  /** Whether the answer may lack what can not be had now; undefined where the client does not say. */
  partial: boolean | undefined;
  /** Whether it has to be evaluated as a whole: sums of shards differ from the sum of all in the last bits. */
  exact: boolean;
  /** For the evaluator: parts of the query that were evaluated before; its text is not the user's then. */
  given?: GivenParts;
  /** What is written down of it. */
  record?: QueryRecord;
}

/** Told of what the evaluator reads for a query. */
export interface QueryRecord {
  /** Bytes of a server's answer have come. */
  came(bytes: number): void;
  answeredBy(shard: string, server: string): void;
  /**
   * What its reads go through.
   * @param evaluation the id that they are known by
   */
  reading(fetcher: ShardFetcher, evaluation: string): ShardFetcher;
}

/** Parts of a query that the evaluator reads instead of series. */
export interface GivenParts {
  /** What it reads, by the part's id: a QueryResult of the remote read protocol each. */
  results: ReadonlyMap<string, Buffer>;
  /** By whom they were answered, by shard: all of a query comes from one replica of each. */
  replicas: ReadonlyMap<string, Replica>;
  /** Puts an annotation's position in the user's text. */
  annotation: (text: string) => string;
  /** What was said about the parts. */
  annotations: Annotations;
}

/** An answer on its way to the client. The body errors if it turns out not to be whole; then the client's connection is cut. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Readable | Uint8Array;
}

/** One way to answer a query. Throws PromfleetError, ShardLost, or the signal's reason. */
export type Way = (request: QueryRequest, signal: AbortSignal) => Promise<Answer>;
