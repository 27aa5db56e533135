import type { Aggregation, Call, Expression, Grouping, Matching } from "./expression.ts";
import { NotUnderstood } from "./not-understood.ts";
import { comparisons, type Infix, joinTerms, type Postfix, setOperators, type Term } from "./operators.ts";
import { modifier, ranged, subquery } from "./postfix.ts";
import { readLabels, readSelector, readString } from "./read-selector.ts";
import { childrenOf, onlyChildren, spanOf, type SyntaxNode } from "./syntax-node.ts";

/** Deeper nesting than any written by people; keeps recursion over expressions within the stack. */
export const maxDepth = 500;

/** Aggregations that take a parameter before the expression. */
const parameterised: ReadonlySet<string> = new Set([
  "topk",
  "bottomk",
  "quantile",
  "count_values",
  "limitk",
  "limit_ratio",
]);

/** Calls whose value is the query's own range or step: not known to every version, and nothing that may be moved. */
const ofTheQuery: ReadonlySet<string> = new Set(["start", "end", "step", "range"]);

/**
 * The expression that a node of an error-free syntax tree stands for.
 * @throws NotUnderstood
 */
export function readExpression(text: string, node: SyntaxNode): Expression {
  return new Reader(text).expression(node, 0);
}

class Reader {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  expression(node: SyntaxNode, depth: number): Expression {
    if (depth > maxDepth) throw new NotUnderstood();
    const terms: Term[] = [];
    this.#flatten(node, depth, terms);
    return joinTerms(terms);
  }

  #slice(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  /** Writes the terms of a chain of operators down in the order of the text: see joinTerms for why the tree is not kept. */
  #flatten(node: SyntaxNode, depth: number, terms: Term[]): void {
    if (depth > maxDepth) throw new NotUnderstood();
    const [first, ...rest] = childrenOf(node);
    switch (node.name) {
      case "BinaryExpr": {
        const last = rest.pop();
        if (!first || !last) throw new NotUnderstood();
        this.#flatten(first, depth + 1, terms);
        terms.push(this.#infix(rest));
        this.#flatten(last, depth + 1, terms);
        return;
      }
      case "UnaryExpr": {
        if (first?.name !== "UnaryOp" || rest.length !== 1 || !rest[0]) throw new NotUnderstood();
        terms.push({ kind: "prefix", op: signOf(this.#slice(first)), span: spanOf(first) });
        this.#flatten(rest[0], depth + 1, terms);
        return;
      }
      case "NumberDurationLiteral": {
        const [, sign, number = ""] = /^([+-]?)\s*(.+)$/s.exec(this.#slice(node)) ?? [];
        const from = node.to - number.length;
        if (sign) terms.push({ kind: "prefix", op: signOf(sign), span: { from: node.from, to: from } });
        terms.push({
          kind: "operand",
          expression: { kind: "number", text: number, span: { from, to: node.to } },
        });
        return;
      }
      case "OffsetExpr":
      case "StepInvariantExpr":
      case "MatrixSelector":
      case "SubqueryExpr":
        if (!first) throw new NotUnderstood();
        this.#flatten(first, depth + 1, terms);
        terms.push(this.#postfix(node.name, rest, node.to));
        return;
      default:
        terms.push({ kind: "operand", expression: this.#operand(node, depth) });
    }
  }

  #operand(node: SyntaxNode, depth: number): Expression {
    switch (node.name) {
      case "StringLiteral":
        return { kind: "string", value: readString(this.#text, node), span: spanOf(node) };
      case "VectorSelector":
        return readSelector(this.#text, node);
      case "ParenExpr": {
        const [inner, ...more] = childrenOf(node);
        if (!inner || more.length > 0) throw new NotUnderstood();
        return { kind: "parens", expression: this.expression(inner, depth + 1), span: spanOf(node) };
      }
      case "FunctionCall":
        return this.#call(node, depth);
      case "AggregateExpr":
        return this.#aggregation(node, depth);
      default:
        throw new NotUnderstood();
    }
  }

  #call(node: SyntaxNode, depth: number): Call {
    const [name, body] = onlyChildren(node, "FunctionIdentifier", "FunctionCallBody");
    if (!name || !body) throw new NotUnderstood();
    const func = this.#slice(name);
    if (ofTheQuery.has(func)) throw new NotUnderstood();
    return { kind: "call", func, args: this.#args(body, depth), span: spanOf(node) };
  }

  #args(body: SyntaxNode, depth: number): Expression[] {
    return childrenOf(body).map((arg) => this.expression(arg, depth + 1));
  }

  #aggregation(node: SyntaxNode, depth: number): Aggregation {
    let op: string | undefined;
    let grouping: Grouping = { mode: "by", labels: [] };
    let args: Expression[] = [];
    for (const child of childrenOf(node)) {
      if (child.name === "AggregateOp") op = this.#slice(child).toLowerCase();
      else if (child.name === "FunctionCallBody") args = this.#args(child, depth);
      else if (child.name === "AggregateModifier") grouping = this.#grouping(child);
      else throw new NotUnderstood();
    }
    const param = op !== undefined && parameterised.has(op) ? args.shift() : undefined;
    const [expression, ...more] = args;
    if (op === undefined || !expression || more.length > 0) throw new NotUnderstood();
    if (parameterised.has(op) && !param) throw new NotUnderstood();
    return { kind: "aggregation", op, grouping, param, expression, span: spanOf(node) };
  }

  #grouping(node: SyntaxNode): Grouping {
    const [mode, labels, ...more] = childrenOf(node);
    if (!labels || more.length > 0) throw new NotUnderstood();
    if (mode?.name === "By") return { mode: "by", labels: readLabels(this.#text, labels) };
    if (mode?.name === "Without") return { mode: "without", labels: readLabels(this.#text, labels) };
    throw new NotUnderstood();
  }

  /** @param nodes the operator and what follows it up to the right operand */
  #infix(nodes: readonly SyntaxNode[]): Infix {
    const [operator, ...modifiers] = nodes;
    if (!operator) throw new NotUnderstood();
    const op = this.#slice(operator).toLowerCase();
    const infix: Infix = { kind: "infix", op, bool: false, matching: undefined };
    for (const modifier of modifiers) {
      if (modifier.name === "BoolModifier") infix.bool = true;
      else if (modifier.name === "MatchingModifierClause") infix.matching = this.#matching(modifier);
      else throw new NotUnderstood();
    }
    if (infix.bool && !comparisons.has(op)) throw new NotUnderstood();
    if (infix.matching?.group && setOperators.has(op)) throw new NotUnderstood();
    return infix;
  }

  #matching(node: SyntaxNode): Matching {
    const [mode, labels, group, include, ...more] = childrenOf(node);
    if (!mode || !labels || more.length > 0) throw new NotUnderstood();
    const modes: Readonly<Record<string, Matching["mode"]>> = { On: "on", Ignoring: "ignoring" };
    const groups: Readonly<Record<string, "left" | "right">> = { GroupLeft: "left", GroupRight: "right" };
    const kind = modes[mode.name];
    const side = group ? groups[group.name] : undefined;
    if (!kind || (group && !side)) throw new NotUnderstood();
    return {
      mode: kind,
      labels: readLabels(this.#text, labels),
      group: side,
      include: include ? readLabels(this.#text, include) : [],
    };
  }

  /**
   * @param nodes what stands after the operand
   * @param to where the postfix ends
   */
  #postfix(name: string, nodes: readonly SyntaxNode[], to: number): Postfix {
    switch (name) {
      case "MatrixSelector": {
        const [range, ...more] = nodes;
        if (!range || more.length > 0) throw new NotUnderstood();
        return ranged(this.#duration(range), to);
      }
      case "SubqueryExpr": {
        const [range, step, ...more] = nodes;
        if (!range || more.length > 0) throw new NotUnderstood();
        return subquery(this.#duration(range), step ? this.#duration(step) : undefined, to);
      }
      case "OffsetExpr": {
        const [keyword, offset, ...more] = nodes;
        if (keyword?.name !== "Offset" || !offset || more.length > 0) throw new NotUnderstood();
        return modifier("offset", this.#offset(offset), to);
      }
      default: {
        const [sign, at, ...more] = nodes;
        if (sign?.name !== "At" || !at || more.length > 0) throw new NotUnderstood();
        return modifier("at", this.#at(at), to);
      }
    }
  }

  /** A plain duration or number of seconds; duration expressions are not understood. */
  #duration(node: SyntaxNode): string {
    const inner =
      node.name === "DurationExpr" ? onlyChildren(node, "NumberDurationLiteralInDurationContext")[0] : node;
    if (inner?.name !== "NumberDurationLiteralInDurationContext") throw new NotUnderstood();
    const text = this.#slice(inner);
    if (!/^[0-9.]/.test(text)) throw new NotUnderstood();
    return text;
  }

  #offset(node: SyntaxNode): string {
    if (node.name !== "OffsetDurationExpr") throw new NotUnderstood();
    const text = this.#slice(node).replace(/^([+-])\s*/, "$1");
    // a comment, a parenthesis or an operator inside makes it something else than a plain duration
    if (!/^[+-]?[0-9.][0-9a-zA-Z._]*$/.test(text)) throw new NotUnderstood();
    return text;
  }

  #at(node: SyntaxNode): string {
    const text = this.#slice(node).replaceAll(/\s/g, "");
    if (node.name === "NumberDurationLiteral" && /^[+-]?[0-9.]/.test(text)) return text;
    if (node.name !== "AtModifierPreprocessors") throw new NotUnderstood();
    const [edge, ...more] = childrenOf(node);
    if (edge?.name === "AtStart" && more.length === 0) return "start()";
    if (edge?.name === "AtEnd" && more.length === 0) return "end()";
    throw new NotUnderstood();
  }
}

function signOf(text: string): "+" | "-" {
  if (text !== "+" && text !== "-") throw new NotUnderstood();
  return text;
}
