import type { Matcher, VectorSelector } from "./expression.ts";
import { NotUnderstood } from "./not-understood.ts";
import { childrenOf, onlyChildren, spanOf, type SyntaxNode } from "./syntax-node.ts";
import { unquote } from "./unquote.ts";

export function readLabels(text: string, node: SyntaxNode): string[] {
  if (node.name !== "GroupingLabels") throw new NotUnderstood();
  return childrenOf(node).map((label) => {
    if (label.name === "LabelName") return text.slice(label.from, label.to);
    if (label.name === "QuotedLabelName") return readQuotedName(text, label);
    throw new NotUnderstood();
  });
}

export function readSelector(text: string, node: SyntaxNode): VectorSelector {
  let metric: string | undefined;
  let braces: VectorSelector["braces"];
  const matchers: Matcher[] = [];
  for (const child of childrenOf(node)) {
    if (child.name === "Identifier") metric = text.slice(child.from, child.to);
    else if (child.name === "LabelMatchers") {
      braces = { from: child.from + 1, to: child.to - 1 };
      for (const entry of childrenOf(child)) {
        if (entry.name !== "QuotedLabelName") matchers.push(readMatcher(text, entry));
        else if (metric === undefined) metric = readQuotedName(text, entry);
        else throw new NotUnderstood();
      }
    } else throw new NotUnderstood();
  }
  if (metric === undefined && matchers.length === 0) throw new NotUnderstood();
  if (metric !== undefined && matchers.some((matcher) => matcher.name === "__name__" && matcher.op === "="))
    throw new NotUnderstood();
  return {
    kind: "vector",
    metric,
    matchers,
    braces,
    offset: undefined,
    at: undefined,
    span: spanOf(node),
  };
}

function readMatcher(text: string, node: SyntaxNode): Matcher {
  const [label, operator, value, ...more] = childrenOf(node);
  if (!label || !operator || value?.name !== "StringLiteral" || more.length > 0) throw new NotUnderstood();
  if (label.name !== "LabelName" && label.name !== "QuotedLabelName") throw new NotUnderstood();
  const op = text.slice(operator.from, operator.to);
  if (op !== "=" && op !== "!=" && op !== "=~" && op !== "!~") throw new NotUnderstood();
  const name = label.name === "LabelName" ? text.slice(label.from, label.to) : readQuotedName(text, label);
  return { name, op, value: readString(text, value) };
}

function readQuotedName(text: string, node: SyntaxNode): string {
  const [literal] = onlyChildren(node, "StringLiteral");
  if (!literal) throw new NotUnderstood();
  return readString(text, literal);
}

export function readString(text: string, node: SyntaxNode): string {
  const value = unquote(text.slice(node.from, node.to));
  if (value === undefined) throw new NotUnderstood();
  return value;
}
