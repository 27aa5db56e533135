import { NotUnderstood } from "./not-understood.ts";
import type { Postfix } from "./operators.ts";

// Each is told where in the text it ends, so that the operand's span grows to there.

/** `operand[range]` */
export function ranged(range: string, to: number): Postfix {
  return {
    kind: "postfix",
    apply(operand) {
      // Prometheus wants modifiers after the range, and no parentheses
      if (operand.kind !== "vector" || operand.offset !== undefined || operand.at !== undefined)
        throw new NotUnderstood();
      const span = { from: operand.span.from, to };
      return { kind: "matrix", selector: operand, range, offset: undefined, at: undefined, span };
    },
  };
}

/** `operand[range:step]` */
export function subquery(range: string, step: string | undefined, to: number): Postfix {
  return {
    kind: "postfix",
    apply(operand) {
      if (operand.kind === "matrix" || operand.kind === "subquery" || operand.kind === "string")
        throw new NotUnderstood();
      const span = { from: operand.span.from, to };
      return { kind: "subquery", expression: operand, range, step, offset: undefined, at: undefined, span };
    },
  };
}

/** `operand offset …` or `operand @ …` */
export function modifier(key: "offset" | "at", value: string, to: number): Postfix {
  return {
    kind: "postfix",
    apply(operand) {
      if (operand.kind !== "vector" && operand.kind !== "matrix" && operand.kind !== "subquery")
        throw new NotUnderstood();
      if (operand[key] !== undefined) throw new NotUnderstood();
      return { ...operand, [key]: value, span: { from: operand.span.from, to } };
    },
  };
}
