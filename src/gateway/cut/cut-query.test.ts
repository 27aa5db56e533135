import { expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import { fleetLocality } from "../planner/fleet-locality.ts";
import { cutQuery } from "./cut-query.ts";

const anyhow = fleetLocality({ onEveryShard: [], spreadByInstance: undefined });

function cut(query: string): string | undefined {
  const expression = parse(query);
  return expression && cutQuery(query, expression, anyhow)?.text;
}

test.each([
  ["sum(x) / count(y)", '{__promfleet_part__="0"} / {__promfleet_part__="1"}'],
  ["absent(sum(x))", 'absent(+{__promfleet_part__="0"})'],
  ["timestamp(max(rate(x[1m])))", 'timestamp({__promfleet_part__="0"})'],
  ["count(sum by (a) (sum_over_time(x[1m])))", 'count({__promfleet_part__="0"})'],
])("of %s is left %s", (query, text) => {
  expect(cut(query)).toBe(text);
});

test.each([
  "histogram_sum(group(sum_over_time(x[1m])))",
  "histogram_count(abs(sum(x)))",
  "timestamp(count(avg_over_time(x[1m])))",
  "absent(max(x - x offset 1m))",
  "histogram_avg(absent(sum(x)))",
])("%s reads histograms otherwise than its parts would", (query) => {
  expect(cut(query)).toBeUndefined();
});

test("beside what reads no buckets parts are cut", () => {
  expect(cut("histogram_sum(sum(x)) > sum(y)")).toBe('histogram_sum(sum(x)) > {__promfleet_part__="0"}');
});
