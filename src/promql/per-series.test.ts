import { expect, test } from "vitest";
import type { VectorSelector } from "./expression.ts";
import { parse } from "./parse.ts";
import { isConstantScalar, metricName, perSeries } from "./per-series.ts";
import { selectors } from "./selectors.ts";

function understood(query: string) {
  const expression = parse(query);
  if (!expression) throw new Error(`not understood: ${query}`);
  return expression;
}

// what becomes of the labels: n that the name may be gone, r that labels are made, f that elements may be left out
test.each([
  ["x", ""],
  ["(x)", ""],
  ["x[5m] offset 1h", ""],
  ["x[1h:1m]", ""],
  ["(x > 5)[1h:1m]", "f"],
  ["x > 5", "f"],
  ["5 >= x", "f"],
  ["x != bool 5", "n"],
  ["x > 5 < 9", "f"],
  ["x + 1", "n"],
  ["-x", "n"],
  ["2 ^ (x > 5)", "nf"],
  ["rate(x[5m])", "n"],
  ["rate((x > 5)[5m:])", "nf"],
  ["quantile_over_time(0.5, x[5m])", "n"],
  ["clamp_min(x, -1)", "n"],
  ["last_over_time(x[5m])", "n"],
  ['label_replace(x, "a", "b", "c", "d")', "r"],
  ['label_join(-x, "a", "b", "c")', "nr"],
  ['label_replace(x > 5, "a", "b", "c", "d")', "rf"],
  ['label_replace(label_join(x, "a", "b", "c"), "a", "b", "c", "d")', "r"],
])("%s comes from each series alone (%s)", (query, marks) => {
  expect(perSeries(understood(query))).toMatchObject({
    selector: { metric: "x" },
    dropsName: marks.includes("n"),
    relabels: marks.includes("r"),
    filters: marks.includes("f"),
  });
});

test.each([
  "1",
  '"x"',
  "time()",
  "hour()",
  "vector(1)",
  "scalar(x)",
  "absent(x)",
  "sort(x)",
  "info(x)",
  "histogram_quantile(0.9, x)",
  "sum(x)",
  "-sum(x)",
  "abs(sum(x))",
  "sum(x)[1h:1m]",
  'label_replace(sum(x), "a", "b", "c", "d")',
  "topk(1, x)",
  "x + y",
  "x + x",
  "x > on () y",
  "x and x",
  "x or vector(1)",
  "x * scalar(x)",
  "clamp(x, scalar(x), 1)",
  "round(x, vector(1))",
  "sum_over_time((x and y)[1h:])",
])("%s does not", (query) => {
  expect(perSeries(understood(query))).toBeUndefined();
});

test.each(["1", "-1", "(Inf)", "time()", "pi() * 2", "1 > bool 2", "-(time() - 5)"])(
  "%s is the same everywhere",
  (query) => {
    expect(isConstantScalar(understood(query))).toBe(true);
  },
);

test.each(["x", "scalar(x)", "vector(1)", "1 + scalar(x)", "-x", "hour()", '"a"', "sum(x)"])(
  "%s is not",
  (query) => {
    expect(isConstantScalar(understood(query))).toBe(false);
  },
);

test.each([
  ["x", "x"],
  ['x{a="b"}', "x"],
  ['{"x y", a="b"}', "x y"],
  ['{__name__="x"}', "x"],
  ['{a="b", __name__="x", __name__=~".+"}', "x"],
  ['{__name__=~"x"}', undefined],
  ['{__name__!="x"}', undefined],
  ['{a="x"}', undefined],
])("the name of all series of %s is %s", (query, name) => {
  const [selector] = selectors(understood(query));
  expect(metricName(selector as VectorSelector)).toBe(name);
});
