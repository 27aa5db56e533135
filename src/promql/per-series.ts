import type { Binary, Call, Expression, VectorSelector } from "./expression.ts";
import { perSeriesFunctions } from "./functions.ts";
import { setOperators } from "./operators.ts";

/** What becomes of the labels of series on the way to a result that comes from each of them alone. */
export interface PerSeries {
  /** What is read. */
  selector: VectorSelector;
  /** The metric name is gone, or may be. */
  dropsName: boolean;
  /** label_replace or label_join may make different label sets equal. */
  relabels: boolean;
  /** A comparison may leave elements out. */
  filters: boolean;
}

const relabelling: ReadonlySet<string> = new Set(["label_replace", "label_join"]);
/** Functions of no series whose value depends on nothing but the time of evaluation. */
const ofTheTime: ReadonlySet<string> = new Set(["time", "pi"]);
const comparing: ReadonlySet<string> = new Set(["==", "!=", "<=", "<", ">=", ">"]);

/**
 * Of an expression in which every element of the result, a vector or a range vector, comes from one series alone.
 * @returns undefined where it is another one, or that is not certain
 */
export function perSeries(expression: Expression): PerSeries | undefined {
  switch (expression.kind) {
    case "vector":
      return { selector: expression, dropsName: false, relabels: false, filters: false };
    case "matrix":
      return perSeries(expression.selector);
    case "parens":
    case "subquery":
      return perSeries(expression.expression);
    case "unary":
      return withoutName(perSeries(expression.expression));
    case "call":
      return ofCall(expression);
    case "binary":
      return ofBinary(expression);
    case "aggregation":
    case "number":
    case "string":
  }
  return undefined;
}

function ofCall(call: Call): PerSeries | undefined {
  const isRelabelling = relabelling.has(call.func);
  if (!isRelabelling && !perSeriesFunctions.has(call.func)) return undefined;
  let found: PerSeries | undefined;
  for (const arg of call.args) {
    if (arg.kind === "string" || isConstantScalar(arg)) continue;
    if (found) return undefined;
    found = perSeries(arg);
    if (!found) return undefined;
  }
  return found && isRelabelling ? { ...found, relabels: true } : withoutName(found);
}

function ofBinary({ op, bool, matching, left, right }: Binary): PerSeries | undefined {
  if (setOperators.has(op) || matching) return undefined;
  const side = isConstantScalar(left) ? right : isConstantScalar(right) ? left : undefined;
  const found = side && perSeries(side);
  if (!found) return undefined;
  return comparing.has(op) && !bool ? { ...found, filters: true } : withoutName(found);
}

/** Some functions keep the name in some versions: that it may be gone is what counts. */
function withoutName(found: PerSeries | undefined): PerSeries | undefined {
  return found && { ...found, dropsName: true };
}

/** Whether an expression is a scalar that is the same on every server. */
export function isConstantScalar(expression: Expression): boolean {
  switch (expression.kind) {
    case "number":
      return true;
    case "parens":
    case "unary":
      return isConstantScalar(expression.expression);
    case "binary":
      return isConstantScalar(expression.left) && isConstantScalar(expression.right);
    case "call":
      return ofTheTime.has(expression.func) && expression.args.length === 0;
    case "aggregation":
    case "matrix":
    case "string":
    case "subquery":
    case "vector":
  }
  return false;
}

/** The one name that all series of a selector have; undefined where they may have several. */
export function metricName({ metric, matchers }: VectorSelector): string | undefined {
  return metric ?? matchers.find(({ name, op }) => name === "__name__" && op === "=")?.value;
}
