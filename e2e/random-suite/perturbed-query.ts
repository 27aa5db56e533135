import type { Aggregation, Expression, Grouping } from "../../src/promql/expression.ts";
import { parse } from "../../src/promql/parse.ts";
import { subexpressions } from "../../src/promql/selectors.ts";
import type { Random } from "../harness/random.ts";

/** By which magnitudes are made smaller, to the bit: a sum of the largest values there are is one, too. */
export const magnitudeScale = 2 ** -20;

/**
 * Of a sum of the values of a query: that of their absolute values, scaled. Of an average twice that: it is rounded once more, by its
 * division. Undefined where the query is neither.
 */
export function magnitudeQuery(query: string): string | undefined {
  let root = parse(query);
  while (root?.kind === "parens") root = root.expression;
  return root && isAdded(root) ? magnitudeOf(query, root, ` * ${magnitudeScale}`) : undefined;
}

/** Whether the order in which it adds up shows in the value of a query. */
export function addsUp(query: string): boolean {
  const visit = (node: Expression): boolean =>
    (node.kind === "aggregation" && adding.has(node.op)) || subexpressions(node).some(visit);
  const expression = parse(query);
  return expression !== undefined && visit(expression);
}

const adding: ReadonlySet<string> = new Set(["sum", "avg", "stddev", "stdvar"]);

/**
 * The query with sums and averages in it moved by up to a rounding error (rule 14), each of their groups by another one: for what comes
 * of sums that were put together from several. Undefined where there are none.
 * @param bound relative to the sum of the absolute values
 */
export function perturbedQuery(query: string, bound: number, random: Random): string | undefined {
  const expression = parse(query);
  const added = expression ? additions(expression, random) : [];
  if (added.length === 0) return undefined;
  return added.reduce((text, node) => {
    const { from, to } = node.span;
    const sum = query.slice(from, to);
    const magnitude = magnitudeOf(query, node);
    // what has no magnitude, as histograms and infinities, stays as it is
    const error = `${bound} * ${magnitude} * sin(${random.between(1, 1000)} * ${magnitude})`;
    return `${text.slice(0, from)}((${sum}) + ${error} > -Inf or (${sum}))${text.slice(to)}`;
  }, query);
}

/** Sums and averages, the last one in the text first. Of those within each other any, but not both: a text that is put together is long. */
function additions(expression: Expression, random: Random): Aggregation[] {
  const inner = subexpressions(expression)
    .flatMap((part) => additions(part, random))
    .toSorted((left, right) => right.span.from - left.span.from);
  return isAdded(expression) && (inner.length === 0 || random.chance(0.5)) ? [expression] : inner;
}

function isAdded(node: Expression): node is Aggregation {
  return node.kind === "aggregation" && (node.op === "sum" || node.op === "avg");
}

function magnitudeOf(query: string, { op, grouping, expression }: Aggregation, scaled = ""): string {
  const { from, to } = expression.span;
  const times = op === "avg" ? "2 * " : "";
  // a comment may stand at its end
  return `${times}${op} ${written(grouping)} (abs(${query.slice(from, to)}\n)${scaled})`;
}

function written({ mode, labels }: Grouping): string {
  const names = labels.map((label) => (/^[a-zA-Z_]\w*$/.test(label) ? label : JSON.stringify(label)));
  return `${mode} (${names.join(", ")})`;
}
