import { expect, test } from "vitest";
import { parse } from "./parse.ts";
import { showsResetHints } from "./reset-hints.ts";

const shows = (query: string): boolean | undefined => {
  const expression = parse(query);
  return expression && showsResetHints(expression);
};

test.each([
  "sum(h)",
  "avg by (job) (h)",
  "sum_over_time(h[5m])",
  "max(avg_over_time(h[1m]))",
  "a - b",
  "count(a + b)",
  "sum(last_over_time(h[5m]))",
  "avg(max_over_time((h)[5m:]) or topk(3, -h * 2))",
  "sum(sum by (job) (h))",
])("%s adds histograms up", (query) => {
  expect(shows(query)).toBe(true);
});

test.each([
  "h",
  "sum(rate(h[5m]))",
  "sum(histogram_count(h)) / sum(count(h))",
  "a + 1",
  "rate(a[1m]) - b",
  "max(rate(h[5m]))",
  "count(h)",
  "histogram_quantile(0.9, h)",
  "a * 2",
  "a and b",
])("%s does not", (query) => {
  expect(shows(query)).toBe(false);
});
