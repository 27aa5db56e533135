import { expect, test } from "vitest";
import { parse } from "../../src/promql/parse.ts";
import { type Expression, promql, queryParams, simplerQueries } from "./query.ts";
import { randomHistory } from "./random-history.ts";
import { randomQuery } from "./random-query.ts";

const leaf = (text: string): Expression => ({ text, type: "vector", parts: [] });
const rate: Expression = {
  text: "rate($0)",
  type: "vector",
  parts: [{ text: "a[5m] @ T+60.5", type: "matrix", parts: [] }],
};
const sum: Expression = { text: "sum($0 + $1)", type: "vector", parts: [rate, leaf("b")] };

test("parts and times are put in their places", () => {
  expect(promql(sum, 1000)).toBe("sum(rate(a[5m] @ 1060.5) + b)");
});

test("a query is asked for as one of a range or of an instant", () => {
  const query = { expression: leaf("a"), start: 10, end: 70, step: 15 };
  expect(queryParams(query, 1000)).toEqual({ query: "a", start: "1010", end: "1070", step: "15" });
  expect(queryParams({ ...query, step: undefined }, 1000)).toEqual({ query: "a", time: "1070" });
});

test("simpler queries have a part in the place of the whole, or fewer steps", () => {
  const simpler = simplerQueries({ expression: sum, start: 0, end: 20, step: 10 });
  expect(simpler.map((query) => [promql(query.expression, 0), query.end, query.step])).toEqual([
    ["rate(a[5m] @ 60.5)", 20, 10],
    ["b", 20, 10],
    ["sum(rate(a[5m] @ 60.5) + b)", 0, undefined],
    ["sum(rate(a[5m] @ 60.5) + b)", 10, undefined],
    ["sum(rate(a[5m] @ 60.5) + b)", 20, undefined],
  ]);
});

test("a seed gives the same query again, and queries are of all kinds", () => {
  const history = randomHistory(1);
  const queries = Array.from({ length: 2000 }, (_, seed) => randomQuery(history, seed));
  expect(randomQuery(history, 5)).toEqual(queries[5]);
  const texts = queries.map(({ expression }) => promql(expression, 0));
  const words = [
    "rate",
    "resets",
    "offset",
    "@",
    "histogram_quantile",
    "duration_seconds",
    "topk",
    "absent",
    "unless",
  ];
  const missing = [...words, "[10m:15s]", "count (up)", "timestamp", "quantile", "without"].filter(
    (word) => !texts.some((text) => text.includes(word)),
  );
  expect(missing).toEqual([]);
  expect(queries.filter(({ step }) => step === undefined).length).toBeGreaterThan(300);
  expect(texts.filter((text) => text.includes("$"))).toEqual([]);
  expect(texts.filter((text) => parse(text) === undefined)).toEqual([]);
});
