/** A half-open range of UTF-16 offsets in the query's text. */
export interface Span {
  from: number;
  to: number;
}

export interface Matcher {
  name: string;
  op: "=" | "!=" | "=~" | "!~";
  /** Unquoted. */
  value: string;
}

/** A PromQL expression that was understood as a whole. Every node keeps its place in the text. */
export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary
  | Parens;

interface Node {
  span: Span;
}
export interface NumberLiteral extends Node {
  kind: "number";
  text: string;
}
export interface StringLiteral extends Node {
  kind: "string";
  value: string;
}
/** `offset` and `@` as written, undefined where absent. */
export interface Modifiers {
  offset: string | undefined;
  at: string | undefined;
}
export interface VectorSelector extends Node, Modifiers {
  kind: "vector";
  /** The name before or as first string inside the braces; undefined if only matchers are given. */
  metric: string | undefined;
  /** Without the one that `metric` stands for. */
  matchers: readonly Matcher[];
  /** Where a further matcher can be put: the offset just after "{", or undefined when there are no braces (then after the name). */
  braces: Span | undefined;
}
export interface MatrixSelector extends Node, Modifiers {
  kind: "matrix";
  selector: VectorSelector;
  /** As written: "5m". */
  range: string;
}
export interface Subquery extends Node, Modifiers {
  kind: "subquery";
  expression: Expression;
  range: string;
  step: string | undefined;
}
export interface Call extends Node {
  kind: "call";
  func: string;
  args: readonly Expression[];
}
export interface Grouping {
  /** `by` keeps these labels, `without` drops them; `by ()` where nothing is written. */
  mode: "by" | "without";
  labels: readonly string[];
}
export interface Aggregation extends Node {
  kind: "aggregation";
  op: string;
  grouping: Grouping;
  param: Expression | undefined;
  expression: Expression;
}
export interface Matching {
  mode: "on" | "ignoring";
  labels: readonly string[];
  group: "left" | "right" | undefined;
  include: readonly string[];
}
export interface Binary extends Node {
  kind: "binary";
  op: string;
  bool: boolean;
  matching: Matching | undefined;
  left: Expression;
  right: Expression;
}
export interface Unary extends Node {
  kind: "unary";
  op: "+" | "-";
  expression: Expression;
}
export interface Parens extends Node {
  kind: "parens";
  expression: Expression;
}
