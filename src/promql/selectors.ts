import type { Expression, VectorSelector } from "./expression.ts";

/** The parts of an expression, in the order of the text. */
export function subexpressions(expression: Expression): readonly Expression[] {
  if ("args" in expression) return expression.args;
  if ("left" in expression) return [expression.left, expression.right];
  if ("selector" in expression) return [expression.selector];
  if ("param" in expression && expression.param) return [expression.param, expression.expression];
  if ("expression" in expression) return [expression.expression];
  return [];
}

/**
 * Every selector, in the order of the text: one for each Select that Prometheus' engine makes (a range vector makes one, a
 * selector written twice makes two). `info()` makes one more of its own, which is not among them.
 */
export function selectors(expression: Expression): VectorSelector[] {
  const found: VectorSelector[] = [];
  const visit = (part: Expression): void => {
    if (part.kind === "vector") found.push(part);
    else for (const inner of subexpressions(part)) visit(inner);
  };
  visit(expression);
  return found;
}
