import { parse } from "../../src/promql/parse.ts";
import { sortingFunctions } from "../../src/promql/functions.ts";

/** Whether an instant query gives its elements in the order of their values, or of labels that it names. */
export function isRanked(query: string): boolean {
  let root = parse(query);
  while (root?.kind === "parens") root = root.expression;
  if (root?.kind === "call") return sortingFunctions.has(root.func);
  if (root?.kind !== "aggregation" || !["topk", "bottomk"].includes(root.op)) return false;
  // each group by itself otherwise
  return root.grouping.mode === "by" && root.grouping.labels.length === 0;
}
