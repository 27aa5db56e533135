import type { Aggregation, Expression, Grouping } from "../../promql/expression.ts";
import { perHistogramFunctions, sortingFunctions } from "../../promql/functions.ts";
import { type PerSeries, isConstantScalar, metricName, perSeries } from "../../promql/per-series.ts";
import { selectors, subexpressions } from "../../promql/selectors.ts";
import { type SelectorLocality, expressionLocality } from "../../plan/rule-locality.ts";

/** How the answer of a fleet comes from what each of its shards answers to a query alone. Every series is on one shard. */
export type Distribution =
  /** What they answer side by side. Equal label sets from two shards mean that it does not distribute; a hope may be disappointed so. */
  | { kind: "concat"; why: string; isHope?: true }
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

/**
 * How the value of an expression comes from those of the shards.
 * @param ofSelector where the series are that it reads
 */
export function distributionOf(expression: Expression, ofSelector: SelectorLocality): Distributed {
  const inner = withoutParens(expression);
  const read = selectors(inner);
  if (read.length === 0) return { whyNot: "it reads no series" };
  const shared = read.map(ofSelector).find(({ spread }) => spread === "all" || spread === "everywhere");
  if (shared?.spread === "all") return { whyNot: shared.why ?? "it reads what several shards have" };
  if (sorts(inner)) return { whyNot: "it puts all series in an order" };
  const { spread, why } = expressionLocality(inner, ofSelector);
  if (spread === "byInstance" || spread === "disjoint")
    return { distribution: { kind: "concat", why: apart[spread] } };
  const aggregated = inner.kind === "aggregation" ? ofAggregation(inner, ofSelector) : undefined;
  if (aggregated) return { distribution: aggregated };
  // a hope that the answers can disappoint; where a job is on every shard they would not show it
  if (!shared && isWholeByTarget(inner))
    return { distribution: { kind: "concat", why: "its groups may be whole on each shard", isHope: true } };
  return { whyNot: why ?? "it puts series of several shards together" };
}

const apart = {
  byInstance: "whatever goes into an element is on one shard",
  disjoint: "every element comes from one series alone",
} as const;

function withoutParens(expression: Expression): Expression {
  return expression.kind === "parens" ? withoutParens(expression.expression) : expression;
}

/** Whether a part of it puts a vector in order: only an instant query shows it, and only one server has all of it. */
function sorts(expression: Expression): boolean {
  if (expression.kind === "call" && sortingFunctions.has(expression.func)) return true;
  return expression.kind !== "aggregation" && subexpressions(expression).some(sorts);
}

function ofAggregation(node: Aggregation, ofSelector: SelectorLocality): Distribution | undefined {
  const { op, expression } = node;
  const inner = expressionLocality(expression, ofSelector);
  const each = perSeries(expression);
  // with an instance in them, elements of two shards are never the same
  const isCertain =
    inner.spread === "byInstance" || (inner.spread === "disjoint" && each && mayBeAggregated(each));
  if (!isCertain) return undefined;
  const merge = merging.get(op);
  if (op === "count_values" && !isNewLabel(node)) return undefined;
  if (merge) return { kind: merge, why: `${op} of all is that of the shards' own` };
  if (op === "avg") return { kind: "average", node, why: "sums and counts add up" };
  const k = op === "topk" || op === "bottomk" ? literalK(node.param) : undefined;
  return k === undefined
    ? undefined
    : {
        kind: "first",
        node,
        k,
        fromTop: op === "topk",
        why: "the first of all are among the first of the shards",
      };
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
