import { timesRead } from "../../promql/times-read.ts";
import { parseDuration } from "../../promql/duration.ts";
import type { Topology } from "../../topology/topology.ts";
import type { QueryRequest } from "../planner/query-request.ts";
import type { TimeRange } from "./replica-scrapes.ts";

/**
 * The times between which all samples lie that a query reads.
 * @returns undefined where that is not certain; from Infinity to -Infinity where it reads nothing
 */
export function queryTimes(
  { expression, evaluated }: Pick<QueryRequest, "expression" | "evaluated">,
  { evaluator }: Pick<Topology, "evaluator">,
): TimeRange | undefined {
  const lookback = evaluated.lookback ?? parseDuration(evaluator.lookback);
  if (!expression || lookback === undefined) return undefined;
  return timesRead(expression, { start: evaluated.start, end: evaluated.end, lookback });
}
