import type { Expression } from "./expression.ts";
import { subexpressions } from "./selectors.ts";

const adding: ReadonlySet<string> = new Set(["sum", "avg"]);
const addingOverTime: ReadonlySet<string> = new Set(["sum_over_time", "avg_over_time"]);

/** Functions whose histograms are gauges, or that give none. */
const withoutHints: ReadonlySet<string> = new Set([
  ..."rate increase delta irate idelta".split(" "),
  ..."histogram_quantile histogram_fraction histogram_count histogram_sum histogram_avg".split(" "),
  ..."histogram_stddev histogram_stdvar".split(" "),
  ..."count_over_time present_over_time absent_over_time changes resets".split(" "),
  ..."absent scalar timestamp vector time".split(" "),
]);
const aggregationsWithoutHints: ReadonlySet<string> = new Set(
  "count group min max stddev stdvar quantile count_values".split(" "),
);

/**
 * Whether it may show in the answer what a native histogram is to the one before it: Prometheus warns where it adds up, or subtracts, some
 * that follow a reset of their counter and some that do not.
 */
export function showsResetHints(expression: Expression): boolean {
  const isShown =
    (expression.kind === "aggregation" && adding.has(expression.op) && hasHints(expression.expression)) ||
    (expression.kind === "call" && addingOverTime.has(expression.func)) ||
    (expression.kind === "binary" &&
      (expression.op === "+" || expression.op === "-") &&
      hasHints(expression.left) &&
      hasHints(expression.right));
  return isShown || subexpressions(expression).some(showsResetHints);
}

/** Whether a value may be a histogram that is a sample still, as far as its hint goes. */
function hasHints(expression: Expression): boolean {
  switch (expression.kind) {
    case "vector":
    case "matrix":
      return true;
    case "number":
    case "string":
      return false;
    case "call":
      return !withoutHints.has(expression.func) && expression.args.some(hasHints);
    case "aggregation":
      return !aggregationsWithoutHints.has(expression.op) && hasHints(expression.expression);
    case "binary":
    case "parens":
    case "subquery":
    case "unary":
  }
  return subexpressions(expression).some(hasHints);
}
