import type { Expression, Matching, Span } from "./expression.ts";
import { NotUnderstood } from "./not-understood.ts";

/** An operator between two operands, as written. */
export interface Infix {
  kind: "infix";
  op: string;
  bool: boolean;
  matching: Matching | undefined;
}

/** A sign before an operand. */
export interface Prefix {
  kind: "prefix";
  op: "+" | "-";
  span: Span;
}

/** Something after an operand: a range, a subquery's range, `offset` or `@`. Makes the operand into what it means. */
export interface Postfix {
  kind: "postfix";
  apply: (operand: Expression) => Expression;
}

export interface Operand {
  kind: "operand";
  expression: Expression;
}

export type Term = Infix | Prefix | Postfix | Operand;

/** How strongly each operator binds (Prometheus' documentation, "Binary operator precedence"). */
const strength: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<=": 3,
  "<": 3,
  ">=": 3,
  ">": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  atan2: 5,
  "^": 6,
};
const powerStrength = 6;
export const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<=", "<", ">=", ">"]);
export const setOperators: ReadonlySet<string> = new Set(["and", "or", "unless"]);

/**
 * Puts a chain of operands, signs, operators and postfixes, given in the order of the text, together as Prometheus does.
 * The grammar we parse with gives `offset`, `@` and ranges the weakest binding of all (`a + b offset 5m` comes as `(a + b) offset 5m`)
 * and takes `-1^2` for `(-1)^2`; in Prometheus a postfix binds strongest and a sign weaker than `^`.
 * @throws NotUnderstood where the terms make no expression
 */
export function joinTerms(terms: readonly Term[]): Expression {
  let next = 0;

  function operand(): Expression {
    const term = terms[next++];
    if (term?.kind === "prefix") return signed(term);
    if (term?.kind !== "operand") throw new NotUnderstood();
    let expression = term.expression;
    for (let after = terms[next]; after?.kind === "postfix"; after = terms[++next])
      expression = after.apply(expression);
    return expression;
  }

  function signed(sign: Prefix): Expression {
    const expression = chain(powerStrength);
    const span = { from: sign.span.from, to: expression.span.to };
    // as in Prometheus, a signed number is a number
    if (expression.kind === "number" && !/^[+-]/.test(expression.text))
      return { kind: "number", text: sign.op + expression.text, span };
    return { kind: "unary", op: sign.op, expression, span };
  }

  function chain(weakest: number): Expression {
    let left = operand();
    for (;;) {
      const infix = terms[next];
      if (infix?.kind !== "infix") return left;
      const binds = strength[infix.op];
      if (binds === undefined) throw new NotUnderstood();
      if (binds < weakest) return left;
      next++;
      const right = chain(infix.op === "^" ? binds : binds + 1);
      const { op, bool, matching } = infix;
      left = {
        kind: "binary",
        op,
        bool,
        matching,
        left,
        right,
        span: { from: left.span.from, to: right.span.to },
      };
    }
  }

  const whole = chain(0);
  if (next !== terms.length) throw new NotUnderstood();
  return whole;
}
