import type { Readable } from "node:stream";
import type { Expression } from "../../promql/expression.ts";

/** A query or query_range request after decoding and checking. */
export interface QueryRequest {
  kind: "instant" | "range";
  /** The user's text, as sent. */
  query: string;
  /** Undefined where our parser does not understand it as a whole. */
  expression: Expression | undefined;
  /** When it is evaluated, ms since 1970, and how far back an instant looks where the request says so, ms. */
  evaluated: { start: number; end: number; lookback: number | undefined };
  /** Every parameter as it is to be sent on, in order, `query` included; `time` already fixed for instant queries. */
  params: readonly (readonly [string, string])[];
  /** The client's Accept-Encoding, "" if none; passed on so that compressed bytes are piped through. */
  acceptEncoding: string;
  /** ms; the request's own timeout, capped by the limits. */
  timeoutMs: number;
  /** Whether the answer may lack what can not be had now; undefined where the client does not say. */
  partial: boolean | undefined;
}

/** An answer on its way to the client. The body errors if it turns out not to be whole; then the client's connection is cut. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Readable | Uint8Array;
}

/** One way to answer a query. Throws PromfleetError, ShardLost, or the signal's reason. */
export type Way = (request: QueryRequest, signal: AbortSignal) => Promise<Answer>;
