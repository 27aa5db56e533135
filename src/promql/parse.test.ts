import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Expression } from "./expression.ts";
import { parse } from "./parse.ts";

/** The structure alone, as an S-expression. */
function shape(expression: Expression | undefined): string {
  if (!expression) return "undefined";
  const tail = "offset" in expression ? modifiers(expression) : "";
  switch (expression.kind) {
    case "number":
      return expression.text;
    case "string":
      return JSON.stringify(expression.value);
    case "vector": {
      const matchers = expression.matchers.map((m) => `${m.name}${m.op}${m.value}`).join(",");
      return `${expression.metric ?? ""}{${matchers}}${tail}`;
    }
    case "matrix":
      return `${shape(expression.selector)}[${expression.range}]${tail}`;
    case "subquery":
      return `${shape(expression.expression)}[${expression.range}:${expression.step ?? ""}]${tail}`;
    case "call":
      return `${expression.func}(${expression.args.map(shape).join(", ")})`;
    case "aggregation": {
      const { op, grouping, param } = expression;
      const labels = `${grouping.mode}(${grouping.labels.join(",")})`;
      return `${op} ${labels} (${param ? `${shape(param)}, ` : ""}${shape(expression.expression)})`;
    }
    case "binary": {
      const { op, bool, matching: m } = expression;
      const matching = m
        ? ` ${m.mode}(${m.labels.join(",")})${m.group ? ` group_${m.group}(${m.include.join(",")})` : ""}`
        : "";
      return `<${shape(expression.left)} ${op}${bool ? " bool" : ""}${matching} ${shape(expression.right)}>`;
    }
    case "unary":
      return `(${expression.op} ${shape(expression.expression)})`;
    case "parens":
  }
  return `(${shape(expression.expression)})`;
}

function modifiers(of: { offset: string | undefined; at: string | undefined }): string {
  return (of.offset === undefined ? "" : ` offset ${of.offset}`) + (of.at === undefined ? "" : ` @ ${of.at}`);
}

describe("parse", () => {
  it.each([
    ["foo", "foo{}"],
    ["foo{}", "foo{}"],
    ['foo{a="b", c!~`d.*`,}', "foo{a=b,c!~d.*}"],
    ['{"foo.bar", "a b"=\'c\'}', "foo.bar{a b=c}"],
    ['{a="b", "foo"}', "foo{a=b}"],
    ["sum(foo) BY (a, on)", "sum by(a,on) (foo{})"],
    ["SUM without () (foo)", "sum without() (foo{})"],
    ["count(foo)", "count by() (foo{})"],
    ['count_values("v", foo)', 'count_values by() ("v", foo{})'],
    ["rate(foo[5m] @ end() offset -1h)", "rate(foo{}[5m] offset -1h @ end())"],
    ["foo offset - 5m @ 1.5", "foo{} offset -5m @ 1.5"],
    ["max_over_time(rate(foo[5m])[1h:] offset 1d)", "max_over_time(rate(foo{}[5m])[1h:] offset 1d)"],
    ["a / on (x, y) group_left (z) b", "<a{} / on(x,y) group_left(z) b{}>"],
    ["a > bool ignoring () b", "<a{} > bool ignoring() b{}>"],
    ["# all\nfoo # of\n+ bar", "<foo{} + bar{}>"],
    ["time() - 1e3", "<time() - 1e3>"],
  ])("understands %s", (text, expected) => {
    expect(shape(parse(text))).toBe(expected);
  });

  it.each([
    ["a + b offset 5m", "<a{} + b{} offset 5m>"],
    ["a + b offset 5m * c", "<a{} + <b{} offset 5m * c{}>>"],
    ["-foo offset 5m", "(- foo{} offset 5m)"],
    ["a - b[5m:1m]", "<a{} - b{}[5m:1m]>"],
    ["a * b @ 3 == c", "<<a{} * b{} @ 3> == c{}>"],
    ["-1^2", "(- <1 ^ 2>)"],
    ["-1 * foo", "<-1 * foo{}>"],
    ["2 ^ 3 ^ 2", "<2 ^ <3 ^ 2>>"],
    ["a ^ -b * c", "<<a{} ^ (- b{})> * c{}>"],
    ["a or b and c unless d", "<a{} or <<b{} and c{}> unless d{}>>"],
    ["foo -1", "<foo{} - 1>"],
    ["1 - 2 - 3", "<<1 - 2> - 3>"],
    ["a atan2 b + c", "<<a{} atan2 b{}> + c{}>"],
  ])("binds %s as Prometheus does", (text, expected) => {
    expect(shape(parse(text))).toBe(expected);
  });

  it.each([
    "",
    "sum(",
    "foo{",
    'foo{a="b}',
    "foo[5m",
    "{}",
    'foo{"bar"}',
    'foo{__name__="bar"}',
    "foo offset 5m offset 3m",
    "foo offset 5m [5m]",
    "(foo)[5m]",
    "foo[5m][5m:]",
    "rate(foo[5m]) offset 5m",
    "foo[5m+1m]",
    "foo[(5m)]",
    "foo[step()]",
    "foo offset (1m+2s)",
    "foo anchored",
    "rate(foo[5m] smoothed)",
    "a + fill(0) b",
    "a </ 3",
    "start()",
    "topk(foo)",
    "sum(1, foo)",
    "a and on (x) group_left b",
    "a + bool b",
    "unheard_of(foo)",
    'foo{a="\\q"}',
    "foo bar",
  ])("does not pretend to understand %j", (text) => {
    expect(parse(text)).toBeUndefined();
  });

  it("gives up on nesting that would exhaust the stack", () => {
    expect(parse(`${"(".repeat(5000)}1${")".repeat(5000)}`)).toBeUndefined();
    expect(parse(`1${" + 1".repeat(5000)}`)).toBeUndefined();
    expect(parse(`1${" + 1".repeat(200)}`)).toBeDefined();
  });

  it("keeps the place of every node in the text", () => {
    const text = '  1 + rate(foo{a="b"}[5m] offset 3m)  ';
    const sum = parse(text);
    if (sum?.kind !== "binary" || sum.right.kind !== "call") throw new Error("unexpected shape");
    const cut = (node: { span: { from: number; to: number } }) => text.slice(node.span.from, node.span.to);
    expect(cut(sum)).toBe('1 + rate(foo{a="b"}[5m] offset 3m)');
    expect(cut(sum.right)).toBe('rate(foo{a="b"}[5m] offset 3m)');
    const [matrix] = sum.right.args;
    if (matrix?.kind !== "matrix") throw new Error("unexpected shape");
    expect(cut(matrix)).toBe('foo{a="b"}[5m] offset 3m');
    expect(cut(matrix.selector)).toBe('foo{a="b"}');
    expect(text.slice(matrix.selector.braces?.from, matrix.selector.braces?.to)).toBe('a="b"');
  });

  it("understands every conformance query of the Prometheus project", () => {
    const file = new URL("../../e2e/conformance/promql-queries.jsonl", import.meta.url);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    const queries = lines.map((line) => (JSON.parse(line) as { query: string }).query);
    expect(queries.length).toBe(539);
    expect(queries.filter((query) => !parse(query))).toEqual([]);
  });
});

describe("holt_winters, which Prometheus 2 has", () => {
  it("is a function like others", () => {
    expect(shape(parse("sum(holt_winters (x[5m], 0.5, 0.1))"))).toBe(
      "sum by() (holt_winters(x{}[5m], 0.5, 0.1))",
    );
  });

  it("stays what it is where it is a metric or a text", () => {
    expect(shape(parse('holt_winters + my_holt_winters{x="holt_winters(1)"}'))).toBe(
      "<holt_winters{} + my_holt_winters{x=holt_winters(1)}>",
    );
  });
});
