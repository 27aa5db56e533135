import { parser } from "@prometheus-io/lezer-promql";
import type { Expression } from "./expression.ts";
import { NotUnderstood } from "./not-understood.ts";
import { maxDepth, readExpression } from "./read-expression.ts";
import { childrenOf } from "./syntax-node.ts";

/** A function of Prometheus 2 that the grammar no longer knows, and one that it reads alike, of the same length. */
const gone = { name: /\bholt_winters(?=\s*\()/g, readAs: "day_of_month" };

/**
 * Parses a PromQL expression. Undefined unless the whole of it was understood for certain: on errors, and on constructs that
 * are newer than this parser (duration expressions, fill modifiers, anchored, smoothed …). Does not check types, arities of
 * functions or regular expressions: what it accepts may still be refused by Prometheus.
 */
export function parse(text: string): Expression | undefined {
  const tree = parser.parse(text.replace(gone.name, gone.readAs));
  let depth = 0;
  let sound = true;
  tree.iterate({
    enter(node) {
      depth++;
      if (node.type.isError || depth > maxDepth * 2) sound = false;
      return sound;
    },
    leave() {
      depth--;
    },
  });
  if (!sound) return undefined;
  try {
    const [only, ...more] = childrenOf(tree.topNode);
    if (!only || more.length > 0) return undefined;
    return readExpression(text, only);
  } catch (error) {
    if (error instanceof NotUnderstood) return undefined;
    throw error;
  }
}
