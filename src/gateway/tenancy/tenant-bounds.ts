import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parseDuration } from "../../promql/duration.ts";
import type { Expression } from "../../promql/expression.ts";
import { timesRead } from "../../promql/times-read.ts";
import type { TenantLimits } from "../../spec/tenant.ts";
import { type Params, firstOf } from "../protocol/form.ts";
import { parseSpan, parseTime } from "../protocol/prometheus-time.ts";

const queries = new Set(["query", "query_range", "explain"]);

export interface AskedOf {
  handler: string;
  params: Params;
  /** Of a query: undefined where it is not understood as a whole. */
  expression: Expression | undefined;
  /** How far back an instant looks where the request does not say, ms. */
  lookback: number;
  /** ms since 1970. */
  now: number;
}

/** What a request asks for may be more than its tenant may use. What is wrong with its parameters is not said here. @throws PromfleetError TENANT_LIMIT */
export function refuseBeyond(limits: TenantLimits, tenant: string, asked: AskedOf): void {
  const { handler, params } = asked;
  const [start, end] = [parseTime(firstOf(params, "start")), parseTime(firstOf(params, "end"))];
  const step = parseSpan(firstOf(params, "step"));
  const isRange = handler === "query_range" || (handler === "explain" && firstOf(params, "step") !== "");
  if (isRange && start !== undefined && end !== undefined && step !== undefined && step > 0) {
    const points = Math.floor((end - start) / step);
    if (limits.maxPoints !== undefined && points > limits.maxPoints)
      throw beyond("maxPoints", tenant, `${points} points per series, of at most ${limits.maxPoints}`);
  }
  const maxRange = limits.maxRange === undefined ? undefined : parseDuration(limits.maxRange);
  if (maxRange === undefined) return;
  const range = queries.has(handler)
    ? rangeOfQuery(asked, isRange, start, end)
    : start !== undefined && end !== undefined
      ? end - start
      : 0;
  if (range === "unclear")
    throw beyond("maxRange", tenant, "the query is not understood as a whole, so what it reads is not known");
  refuseLonger(limits, tenant, range);
}

/** @param range ms that are read @throws PromfleetError TENANT_LIMIT */
export function refuseLonger({ maxRange }: TenantLimits, tenant: string, range: number): void {
  const most = maxRange === undefined ? undefined : parseDuration(maxRange);
  if (most !== undefined && range > most)
    throw beyond("maxRange", tenant, `${seconds(range)} s are read, of at most ${seconds(most)} s`);
}

/** ms between the first and the last sample that may be read; 0 where parameters are wrong, which is said elsewhere. */
function rangeOfQuery(
  { params, expression, lookback, now }: AskedOf,
  isRange: boolean,
  start: number | undefined,
  end: number | undefined,
): number | "unclear" {
  const time = firstOf(params, "time");
  const at = time === "" ? now : parseTime(time);
  const times = isRange ? { start, end } : { start: at, end: at };
  if (times.start === undefined || times.end === undefined) return 0;
  if (!expression) return "unclear";
  const read = timesRead(expression, {
    start: times.start,
    end: times.end,
    lookback: parseSpan(firstOf(params, "lookback_delta")) ?? lookback,
  });
  return read ? Math.max(read.to - read.from, times.end - times.start) : "unclear";
}

const seconds = (ms: number): number => Math.ceil(ms / 1000);

export function beyond(limit: keyof TenantLimits, tenant: string, what: string): PromfleetError {
  return new PromfleetError({
    code: "TENANT_LIMIT",
    message: `limit ${limit} of tenant ${tenant}: ${what}`,
  });
}
