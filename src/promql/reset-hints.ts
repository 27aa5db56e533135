import type { Expression } from "./expression.ts";
import { subexpressions } from "./selectors.ts";

const adding: ReadonlySet<string> = new Set(["sum", "avg"]);
const addingOverTime: ReadonlySet<string> = new Set(["sum_over_time", "avg_over_time"]);

/**
 * Whether it may show in the answer what a native histogram is to the one before it: Prometheus warns where it adds up, or subtracts, some
 * that follow a reset of their counter and some that do not.
 */
export function showsResetHints(expression: Expression): boolean {
  const isShown =
    (expression.kind === "aggregation" && adding.has(expression.op)) ||
    (expression.kind === "call" && addingOverTime.has(expression.func)) ||
    (expression.kind === "binary" && (expression.op === "+" || expression.op === "-"));
  return isShown || subexpressions(expression).some(showsResetHints);
}
