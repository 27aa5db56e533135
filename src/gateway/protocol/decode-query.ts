import { spendBuffers } from "../read/spent-buffers.ts";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parse } from "../../promql/parse.ts";
import { usesReservedName } from "../../promql/reserved.ts";
import { textComplexity } from "../../promql/text-complexity.ts";
import type { GatewayLimits } from "../../spec/fleet-spec.ts";
import type { QueryRequest } from "../planner/query-request.ts";
import { type Params, firstOf } from "./form.ts";
import { atoiComplaint, parseGoFloat, printLikeGo, quoteLikeGo } from "./go-text.ts";
import { isExact, partialResponse, withoutOwnParams } from "./own-params.ts";
import { parseSpan, parseTime } from "./prometheus-time.ts";

/** Brackets in each other, and operators: more than anybody writes, and fewer than take long to be understood. */
const most = { depth: 1000, operators: 1000 };

/** Longer texts are Prometheus' to understand. */
const longestParsed = 64 * 1024;
/** Bytes of memory that parsing takes for a byte of a deeply nested text; shorter texts leave nothing that would matter. */
const parsing = { perByte: 1800, matters: 4096 };

/**
 * Decodes and checks a query or query_range request. Whether the expression is valid is Prometheus' to say.
 * @param now ms since 1970: the time of an instant query that names none
 * @throws PromfleetError BAD_PARAMETER with Prometheus' own words, RESERVED_NAME, REQUEST_TOO_LARGE
 */
export function decodeQuery(
  kind: QueryRequest["kind"],
  params: Params,
  limits: GatewayLimits,
  acceptEncoding: string,
  now: number,
): QueryRequest {
  const query = firstOf(params, "query");
  if (Buffer.byteLength(query) > limits.maxQueryBytes)
    throw new PromfleetError({
      code: "REQUEST_TOO_LARGE",
      message: `the query has more than ${limits.maxQueryBytes} bytes`,
    });
  limitParam(params);
  const evaluated = kind === "instant" ? timeOf(params, now) : rangeOf(params, limits);
  const timeoutMs = Math.min(timeoutParam(params) ?? limits.timeoutMs, limits.timeoutMs);
  const lookback = lookbackOf(params);
  refuseReserved("query", query);
  const expression = query.length > longestParsed ? undefined : parse(query);
  if (query.length > parsing.matters) spendBuffers(Math.min(query.length, longestParsed) * parsing.perByte);
  const named = new Map(withoutOwnParams(params).toReversed());
  named.set("timeout", String(timeoutMs / 1000));
  if (kind === "instant" && firstOf(params, "time") === "") named.set("time", (now / 1000).toFixed(3));
  return {
    kind,
    query,
    expression,
    evaluated: { ...evaluated, lookback },
    params: [...named],
    acceptEncoding,
    timeoutMs,
    partial: partialResponse(params),
    exact: isExact(params),
  };
}

/** @throws PromfleetError QUERY_TOO_COMPLEX */
function refuseComplex(query: string): void {
  const { depth, operators } = textComplexity(query);
  const what = depth > most.depth ? `${depth} brackets in each other` : `${operators} operators`;
  if (depth <= most.depth && operators <= most.operators) return;
  throw new PromfleetError({
    code: "QUERY_TOO_COMPLEX",
    message: `a query has ${what}, and may have 1,000`,
  });
}

interface Evaluated {
  start: number;
  end: number;
  step: number | undefined;
}

function timeOf(params: Params, now: number): Evaluated {
  const text = firstOf(params, "time");
  const time = text === "" ? now : parseTime(text);
  if (time === undefined) throw bad("time", `invalid time value for 'time': ${notA("timestamp", text)}`);
  return { start: Math.floor(time), end: Math.ceil(time), step: undefined };
}

function rangeOf(params: Params, limits: GatewayLimits): Evaluated {
  const start = timeParam(params, "start");
  const end = timeParam(params, "end");
  if (end < start) throw bad("end", "end timestamp must not be before start time");
  const step = spanParam(params, "step");
  if (step <= 0)
    throw bad(
      "step",
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  if (Math.floor((end - start) / step) > limits.maxPoints)
    throw complaint(
      `exceeded maximum resolution of ${limits.maxPoints.toLocaleString("en")} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    );
  return { start: Math.floor(start), end: Math.ceil(end), step };
}

/** ms; undefined where it is absent. */
function timeoutParam(params: Params): number | undefined {
  if (firstOf(params, "timeout") === "") return undefined;
  const ms = spanParam(params, "timeout");
  if (ms <= 0) throw bad("timeout", `timeout must be positive, got ${printLikeGo(Math.round(ms * 1e6))}`);
  return ms;
}

/** ms; undefined where it is absent. */
function lookbackOf(params: Params): number | undefined {
  const text = firstOf(params, "lookback_delta");
  if (text === "") return undefined;
  const lookback = parseSpan(text);
  if (lookback === undefined) throw complaint(`error parsing lookback delta duration: ${notADuration(text)}`);
  return lookback;
}

/** @throws PromfleetError BAD_PARAMETER where it is given and no number that `limit` may be */
export function limitParam(params: Params): void {
  const text = firstOf(params, "limit");
  if (text === "") return;
  const wrong = atoiComplaint(text) ?? (/^-0*[1-9]/.test(text) ? "limit must be non-negative" : undefined);
  if (wrong !== undefined) throw bad("limit", wrong);
}

/** @throws PromfleetError RESERVED_NAME, QUERY_TOO_COMPLEX */
export function refuseReserved(param: string, text: string): void {
  refuseComplex(text);
  if (!usesReservedName(text)) return;
  throw new PromfleetError({
    code: "RESERVED_NAME",
    message: `invalid parameter ${JSON.stringify(param)}: names that begin with __promfleet_ are promfleet's own`,
  });
}

/** ms @throws PromfleetError BAD_PARAMETER where it is absent or no time */
export function timeParam(params: Params, name: string): number {
  const text = firstOf(params, name);
  const time = parseTime(text);
  if (time === undefined) throw bad(name, notA("timestamp", text));
  return time;
}

/** ms */
function spanParam(params: Params, name: string): number {
  const text = firstOf(params, name);
  const span = parseSpan(text);
  if (span === undefined) throw bad(name, notADuration(text));
  return span;
}

function notADuration(text: string): string {
  const overflows = parseGoFloat(text) !== undefined;
  return notA("duration", text) + (overflows ? ". It overflows int64" : "");
}

function notA(what: string, text: string): string {
  return `cannot parse ${quoteLikeGo(text)} to a valid ${what}`;
}

function bad(name: string, why: string): PromfleetError {
  return complaint(`invalid parameter ${quoteLikeGo(name)}: ${why}`);
}

function complaint(message: string): PromfleetError {
  return new PromfleetError({ code: "BAD_PARAMETER", message });
}
