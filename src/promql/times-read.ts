import { parseDuration } from "./duration.ts";
import type { Expression, Modifiers } from "./expression.ts";
import { subexpressions } from "./selectors.ts";

/** When a query is evaluated, ms since 1970; an instant query has both alike. */
export interface EvaluationTimes {
  start: number;
  end: number;
  /** How far back an instant looks for a sample, ms. */
  lookback: number;
}

/** ms since 1970, both inclusive. */
export interface TimesRead {
  from: number;
  to: number;
}

/**
 * The times between which all samples lie that an expression reads, or a little more.
 * @returns undefined where that is not certain; from Infinity to -Infinity where it reads nothing
 */
export function timesRead(expression: Expression, times: EvaluationTimes): TimesRead | undefined {
  const found: TimesRead = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  return visit(expression, { from: times.start, to: times.end }, times, found) ? found : undefined;
}

/** @returns whether all of it was understood */
function visit(expression: Expression, at: TimesRead, times: EvaluationTimes, found: TimesRead): boolean {
  if (expression.kind === "subquery") {
    const range = milliseconds(expression.range);
    const moved = movedBy(expression, at, times);
    if (range === undefined || !moved) return false;
    return visit(expression.expression, { from: moved.from - range, to: moved.to }, times, found);
  }
  if (expression.kind === "matrix" || expression.kind === "vector") {
    const range = expression.kind === "matrix" ? milliseconds(expression.range) : 0;
    const moved = movedBy(expression, at, times);
    if (range === undefined || !moved) return false;
    // what is anchored or smoothed looks back before its range, too
    found.from = Math.min(found.from, moved.from - range - times.lookback);
    found.to = Math.max(found.to, moved.to);
    return true;
  }
  // it reads series of its own at the same times
  if (expression.kind === "call" && expression.func === "info") {
    found.from = Math.min(found.from, at.from - times.lookback);
    found.to = Math.max(found.to, at.to);
  }
  return subexpressions(expression).every((part) => visit(part, at, times, found));
}

function movedBy(
  { at, offset }: Modifiers,
  window: TimesRead,
  times: EvaluationTimes,
): TimesRead | undefined {
  const fixed = at === undefined ? window : fixedAt(at, times);
  const back = offset === undefined ? 0 : milliseconds(offset);
  return fixed && back !== undefined ? { from: fixed.from - back, to: fixed.to - back } : undefined;
}

function fixedAt(at: string, { start, end }: EvaluationTimes): TimesRead | undefined {
  const called = /^(start|end)\s*\(\s*\)$/.exec(at.trim())?.[1];
  const time = called === "start" ? start : called === "end" ? end : Number(at) * 1000;
  return Number.isFinite(time) ? { from: Math.floor(time), to: Math.ceil(time) } : undefined;
}

/** Of a duration as PromQL has it, "1h30m", or a number of seconds; undefined where it is anything else. */
function milliseconds(text: string): number | undefined {
  const [, sign = "", rest = ""] = /^\s*([-+]?)\s*(.*?)\s*$/s.exec(text) ?? [];
  const length = /^\d+(\.\d+)?$/.test(rest) ? Number(rest) * 1000 : parseDuration(rest);
  return length === undefined || sign !== "-" ? length : -length;
}
