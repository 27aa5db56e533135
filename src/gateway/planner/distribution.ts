import type { Aggregation, Expression, Grouping, VectorSelector } from "../../promql/expression.ts";
import { perHistogramFunctions } from "../../promql/functions.ts";
import { type PerSeries, isConstantScalar, metricName, perSeries } from "../../promql/per-series.ts";
import { selectors } from "../../promql/selectors.ts";

/** How the answer of a fleet comes from what each of its shards answers to a query alone. Every series is on one shard. */
export type Distribution =
  /** What they answer side by side. Equal label sets from two shards mean that it does not distribute. */
  | { kind: "concat"; why: string }
  /** Elements with equal labels put together by this operation. */
  | { kind: "add" | "least" | "greatest" | "one"; why: string }
  /** Sums and counts, asked for instead of averages. */
  | { kind: "average"; node: Aggregation; why: string }
  /** Of k and one more from each shard the first k: where those two are equal, it does not distribute. */
  | { kind: "first"; node: Aggregation; k: number; fromTop: boolean; why: string };

/** Or why it does not. */
export type Distributed = { distribution: Distribution } | { whyNot: string };

const merging: ReadonlyMap<string, "add" | "least" | "greatest" | "one"> = new Map([
  ["sum", "add"],
  ["count", "add"],
  ["count_values", "add"],
  ["min", "least"],
  ["max", "greatest"],
  ["group", "one"],
]);

/** What is the same in all of its series, and in none of another group; only looked for where shards have to show it. */
const targetLabel = "instance";

/** Highest k of topk that is asked of each shard. */
const highestK = 10_000;

/** Metrics that several shards may have alike: rules that are evaluated everywhere may alert everywhere. */
const alerts: ReadonlySet<string> = new Set(["ALERTS", "ALERTS_FOR_STATE"]);

/**
 * How the value of an expression is spread over shards that have no series in common.
 * @param onEveryShard jobs that are an exception to that
 */
export function distributionOf(expression: Expression, onEveryShard: readonly string[]): Distributed {
  const read = selectors(expression);
  if (read.length === 0) return { whyNot: "it reads no series" };
  if (read.some((selector) => mayBeAlerts(selector)))
    return { whyNot: "alerts may be the same on several shards" };
  const shared = onEveryShard.find((job) => read.some((selector) => mayHaveJob(selector, job)));
  if (shared !== undefined) return { whyNot: `job ${JSON.stringify(shared)} is on every shard` };
  const inner = expression.kind === "parens" ? expression.expression : expression;
  if (inner.kind === "parens") return distributionOf(inner, onEveryShard);
  const each = perSeries(inner);
  if (each) return { distribution: { kind: "concat", why: "every element comes from one series alone" } };
  if (inner.kind === "aggregation") return ofAggregation(inner);
  if (isWholeByTarget(inner)) return { distribution: { kind: "concat", why: groupsApart } };
  return { whyNot: "it puts series of several shards together" };
}

const groupsApart = "its groups may be whole on each shard";

function ofAggregation(node: Aggregation): Distributed {
  const { op, expression, grouping } = node;
  const each = perSeries(expression);
  if (each && mayBeAggregated(each)) {
    const merge = merging.get(op);
    const why = `${op} of all is that of the shards' own`;
    if (op === "count_values" && !isNewLabel(node)) return { whyNot: "count_values writes over a label" };
    if (merge) return { distribution: { kind: merge, why } };
    if (op === "avg") return { distribution: { kind: "average", node, why: "sums and counts add up" } };
    if (op === "topk" || op === "bottomk") {
      const k = literalK(node.param);
      if (k !== undefined) {
        return {
          distribution: { kind: "first", node, k, fromTop: op === "topk", why: "of each shard the first" },
        };
      }
    }
  }
  if (keepsTargets(grouping) && isWholeByTarget(node))
    return { distribution: { kind: "concat", why: groupsApart } };
  if (!each) return { whyNot: `what ${op} is over does not come from each series alone` };
  return { whyNot: `${op} over several shards is not certain from what each of them says` };
}

/** What one server would refuse, as two elements were the same, must not be added up here. */
function mayBeAggregated({ selector, dropsName, relabels }: PerSeries): boolean {
  return !relabels && (!dropsName || metricName(selector) !== undefined);
}

function isNewLabel({ param, grouping }: Aggregation): boolean {
  return param?.kind === "string" && grouping.mode === "by" && !grouping.labels.includes(param.value);
}

function literalK(param: Expression | undefined): number | undefined {
  if (param?.kind !== "number" || !/^\d+$/.test(param.text)) return undefined;
  const k = Number(param.text);
  return k >= 1 && k <= highestK ? k : undefined;
}

const keepsTargets = ({ mode, labels }: Grouping): boolean =>
  labels.includes(targetLabel) === (mode === "by");

/** Aggregations that give something for every group that there is, by the labels of the group alone. */
const oneByGroup: ReadonlySet<string> = new Set([
  "sum",
  "count",
  "group",
  "min",
  "max",
  "avg",
  "quantile",
  "stddev",
  "stdvar",
]);

/**
 * Whether each element of the result is all there is of a group of series that are likely to be of one target. A group that is on
 * two shards all the same has an element on both, with the same labels.
 */
function isWholeByTarget(expression: Expression): boolean {
  switch (expression.kind) {
    case "parens":
    case "unary":
      return isWholeByTarget(expression.expression);
    case "aggregation": {
      const each = perSeries(expression.expression);
      const { param } = expression;
      return (
        oneByGroup.has(expression.op) &&
        keepsTargets(expression.grouping) &&
        each !== undefined &&
        mayBeAggregated(each) &&
        (!param || isConstantScalar(param))
      );
    }
    case "call": {
      if (!perHistogramFunctions.has(expression.func)) return false;
      const [last, ...params] = expression.args.toReversed();
      if (!last || !params.every((param) => isConstantScalar(param))) return false;
      const each = perSeries(last);
      // a bucket that is left out is missing in the histogram, whether or not others of it are elsewhere
      return each ? mayBeAggregated(each) && !each.filters : isBucketsByTarget(last);
    }
    case "binary":
    case "matrix":
    case "number":
    case "string":
    case "subquery":
    case "vector":
  }
  return false;
}

/** sum by (instance, le) (…) and the like. */
function isBucketsByTarget(expression: Expression): boolean {
  if (expression.kind === "parens") return isBucketsByTarget(expression.expression);
  return expression.kind === "aggregation" && isWholeByTarget(expression);
}

function mayBeAlerts(selector: VectorSelector): boolean {
  const name = metricName(selector);
  return name === undefined || alerts.has(name) ? !excludesAlerts(selector) : false;
}

/** A selector without a name reads alerts as well, but for what alerts do not have. */
function excludesAlerts({ matchers }: VectorSelector): boolean {
  return matchers.some(
    ({ name, op, value }) =>
      name === "__name__" && op === "=~" && /^[\w:|]+$/.test(value) && !/ALERTS/.test(value),
  );
}

function mayHaveJob({ matchers }: VectorSelector, job: string): boolean {
  return !matchers.some(({ name, op, value }) => {
    if (name !== "job") return false;
    if (op === "=") return value !== job;
    if (op === "!=") return value === job;
    // a plain list of names; other expressions are not read here
    if (op === "=~") return /^[\w|-]+$/.test(value) && !value.split("|").includes(job);
    return false;
  });
}
