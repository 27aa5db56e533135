import type { parser } from "@prometheus-io/lezer-promql";
import type { Span } from "./expression.ts";
import { NotUnderstood } from "./not-understood.ts";

/** A node of the concrete syntax tree. */
export type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

/** Comments left out: they may stand between any two children. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== "LineComment") children.push(child);
  return children;
}

/** Exactly these children, or the construct is not one we know. */
export function onlyChildren(node: SyntaxNode, ...names: readonly string[]): SyntaxNode[] {
  const children = childrenOf(node);
  if (children.length !== names.length || children.some((child, index) => child.name !== names[index]))
    throw new NotUnderstood();
  return children;
}

export function spanOf(node: SyntaxNode): Span {
  return { from: node.from, to: node.to };
}
