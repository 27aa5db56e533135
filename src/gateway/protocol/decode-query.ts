import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parse } from "../../promql/parse.ts";
import { usesReservedName } from "../../promql/reserved.ts";
import type { GatewayLimits } from "../../spec/fleet-spec.ts";
import type { QueryRequest } from "../planner/query-request.ts";
import { type Params, firstOf } from "./form.ts";
import { parseSpan, parseTime } from "./prometheus-time.ts";

/** Longer texts are Prometheus' to understand. */
const longestParsed = 64 * 1024;

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
  if (kind === "instant") timeParam(params, "time");
  else checkRange(params, limits);
  limitParam(params);
  const asked = firstOf(params, "timeout");
  const timeoutMs = Math.min(asked === "" ? limits.timeoutMs : spanParam("timeout", asked), limits.timeoutMs);
  const lookback = firstOf(params, "lookback_delta");
  if (lookback !== "") spanParam("lookback_delta", lookback);
  refuseReserved("query", query);
  const named = new Map(params.toReversed());
  named.set("timeout", `${timeoutMs}ms`);
  if (kind === "instant" && firstOf(params, "time") === "") named.set("time", (now / 1000).toFixed(3));
  return {
    kind,
    query,
    expression: query.length > longestParsed ? undefined : parse(query),
    params: [...named],
    acceptEncoding,
    timeoutMs,
  };
}

function checkRange(params: Params, limits: GatewayLimits): void {
  const start = timeParam(params, "start") ?? missing("start", "timestamp");
  const end = timeParam(params, "end") ?? missing("end", "timestamp");
  if (end < start) throw bad("end", "end timestamp must not be before start time");
  const text = firstOf(params, "step");
  const step = spanParam("step", text);
  if (step <= 0)
    throw bad(
      "step",
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  if ((end - start) / step > limits.maxPoints)
    throw new PromfleetError({
      code: "BAD_PARAMETER",
      message: `exceeded maximum resolution of ${limits.maxPoints.toLocaleString("en")} points per timeseries. Try decreasing the query resolution (?step=XX)`,
    });
}

/** ms; undefined where it is absent. @throws PromfleetError BAD_PARAMETER */
export function timeParam(params: Params, name: string): number | undefined {
  const text = firstOf(params, name);
  return text === "" ? undefined : (parseTime(text) ?? missing(name, "timestamp", text));
}

/** Undefined where it is absent. @throws PromfleetError BAD_PARAMETER */
export function limitParam(params: Params): number | undefined {
  const text = firstOf(params, "limit");
  if (text === "") return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text))
    throw bad("limit", `cannot parse ${JSON.stringify(text)} to a valid limit`);
  if (Number(text) < 0) throw bad("limit", "limit must be non-negative");
  return Number(text);
}

/** @throws PromfleetError RESERVED_NAME */
export function refuseReserved(param: string, text: string): void {
  if (!usesReservedName(text)) return;
  throw new PromfleetError({
    code: "RESERVED_NAME",
    message: `invalid parameter ${JSON.stringify(param)}: names that begin with __promfleet_ are promfleet's own`,
  });
}

function spanParam(name: string, text: string): number {
  return parseSpan(text) ?? missing(name, "duration", text);
}

function missing(name: string, what: string, text = ""): never {
  throw bad(name, `cannot parse ${JSON.stringify(text)} to a valid ${what}`);
}

function bad(name: string, why: string): PromfleetError {
  return new PromfleetError({ code: "BAD_PARAMETER", message: `invalid parameter "${name}": ${why}` });
}
