import type { Expression } from "../../promql/expression.ts";
import { parse } from "../../promql/parse.ts";
import { showsResetHints } from "../../promql/reset-hints.ts";
import { selectors } from "../../promql/selectors.ts";
import type { SelectorLocality } from "../../plan/rule-locality.ts";
import type { SharedText } from "../evaluate/annotation-positions.ts";
import { type Distribution, distributionOf } from "../planner/distribution.ts";

/** Name of the matcher by which the evaluator asks for a part that was evaluated before. */
export const partMatcher = "__promfleet_part__";

/** A piece of a query that the shards evaluate, at the query's own times. */
export interface QueryPart {
  /** What the evaluator calls it. */
  id: string;
  /** The user's own, and where it begins there. */
  text: string;
  from: number;
  /** Of that text alone, and so are the places in it. */
  expression: Expression;
  distribution: Distribution;
}

/** A query of which some parts come from the shards, and the rest is evaluated over them. */
export interface CutQuery {
  parts: readonly QueryPart[];
  /** For the evaluator: the user's text with a selector in the place of each part. */
  text: string;
  /** Pieces of that which are the user's own. */
  shared: readonly SharedText[];
  /** Selectors that are left, which read series. */
  rest: number;
}

/** More would be more requests than they save. */
const mostParts = 16;

/**
 * Functions that need no buckets: below them Prometheus reads none, and then tells by itself which native histograms follow a reset. What
 * it warns of there it would not warn of a part alone.
 */
const ofHistogramStats: ReadonlySet<string> = new Set(["histogram_count", "histogram_sum", "histogram_avg"]);
const ofNoValues: ReadonlySet<string> = new Set(["timestamp", "start_timestamp", "absent"]);

/** Where a node stands in a query. */
interface Place {
  /** It is what absent() is asked of. */
  isOfAbsent: boolean;
  /** Which parts would be evaluated with other hints than where they stand. */
  hintsDiffer: "of all" | "of sums" | undefined;
}

/**
 * Takes out of a query what the shards can put together themselves: aggregations that distribute, the outermost of them. Nothing within a
 * subquery: that is evaluated at other times.
 * @returns undefined where there is nothing
 */
export function cutQuery(
  query: string,
  expression: Expression,
  ofSelector: SelectorLocality,
): CutQuery | undefined {
  const parts: QueryPart[] = [];
  const places: { part: QueryPart; isOfAbsent: boolean }[] = [];
  let rest = 0;
  const visit = (node: Expression, { isOfAbsent, hintsDiffer }: Place): void => {
    const within: Place = { isOfAbsent: false, hintsDiffer };
    if (node.kind === "aggregation") {
      const isOther =
        hintsDiffer === "of all" || (hintsDiffer === "of sums" && showsResetHints(node.expression));
      const part = isOther ? undefined : partOf(query, node, ofSelector, String(parts.length));
      if (part) {
        parts.push(part);
        places.push({ part, isOfAbsent });
        return;
      }
      if (node.param) visit(node.param, within);
      visit(node.expression, within);
      return;
    }
    switch (node.kind) {
      case "vector":
      case "matrix":
      case "subquery":
        rest += selectors(node).length;
        return;
      case "parens":
        visit(node.expression, { isOfAbsent, hintsDiffer });
        return;
      case "unary":
        visit(node.expression, within);
        return;
      case "call":
        for (const arg of node.args)
          visit(arg, {
            isOfAbsent: node.func === "absent",
            hintsDiffer: hintsBelow(node.func, hintsDiffer),
          });
        return;
      case "binary":
        visit(node.left, within);
        visit(node.right, within);
        return;
      case "number":
      case "string":
    }
  };
  visit(expression, { isOfAbsent: false, hintsDiffer: undefined });
  if (parts.length === 0 || parts.length > mostParts) return undefined;
  let text = "";
  let copied = 0;
  const shared: SharedText[] = [];
  const keep = (to: number) => {
    shared.push({ evaluatedFrom: text.length, userFrom: copied, length: to - copied });
    text += query.slice(copied, to);
  };
  for (const { part, isOfAbsent } of places) {
    keep(part.from);
    // absent() of a selector tells its matchers
    text += isOfAbsent ? "+" : "";
    // what is said of the whole of it is said of where it begins
    shared.push({ evaluatedFrom: text.length, userFrom: part.from, length: 1 });
    text += `{${partMatcher}="${part.id}"}`;
    copied = part.from + part.text.length;
  }
  keep(query.length);
  return { parts, text, shared, rest };
}

function hintsBelow(func: string, above: Place["hintsDiffer"]): Place["hintsDiffer"] {
  if (above === "of all" || ofHistogramStats.has(func)) return "of all";
  return ofNoValues.has(func) ? "of sums" : above;
}

function partOf(
  query: string,
  { span }: Expression,
  ofSelector: SelectorLocality,
  id: string,
): QueryPart | undefined {
  const text = query.slice(span.from, span.to);
  const expression = parse(text);
  const found = expression && distributionOf(expression, ofSelector);
  if (!expression || !found || !("distribution" in found)) return undefined;
  return { id, text, from: span.from, expression, distribution: found.distribution };
}
