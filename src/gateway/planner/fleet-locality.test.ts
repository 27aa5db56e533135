import { expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import { selectors } from "../../promql/selectors.ts";
import type { VectorSelector } from "../../promql/expression.ts";
import { fleetLocality, instancesOf } from "./fleet-locality.ts";

function selector(query: string): VectorSelector {
  const expression = parse(query);
  const [only] = expression ? selectors(expression) : [];
  if (!only) throw new Error(`not understood: ${query}`);
  return only;
}

const locality = fleetLocality({
  onEveryShard: ["all"],
  spreadByInstance: { exceptJobs: ["pushed"], exceptMetrics: ["recorded"] },
});

test.each([
  ['x{job="a"}', "byInstance"],
  ['x{job=~"a|b"}', "byInstance"],
  ['x{job!~"all|pushed"}', "byInstance"],
  ['{__name__=~"x|y",job="a"}', "byInstance"],
  ['x{job="pushed"}', "disjoint"],
  ['x{job!="all"}', "disjoint"],
  ['recorded{job="a"}', "disjoint"],
  ['{__name__=~"rec.*",job="a"}', "disjoint"],
  ['x{job="all"}', "everywhere"],
  ['x{job=~"all"}', "all"],
  ['x{job=~"a.*"}', "all"],
  ["x", "all"],
  ['x{instance="a"}', "all"],
  ['ALERTS{job="a"}', "all"],
  ['{job="a"}', "all"],
  ['{__name__=~"ALERTS_FOR.*",job="a"}', "all"],
  ['{__name__=~"(?i)alerts",job="a"}', "all"],
  ['{__name__!~"ALERTS.*",job!~"all|pushed",__name__!="recorded"}', "byInstance"],
])("%s is %s", (query, spread) => {
  expect(locality(selector(query)).spread).toBe(spread);
});

test("where nothing is known of instances, series are on one shard each", () => {
  const anyhow = fleetLocality({ onEveryShard: [], spreadByInstance: undefined });
  expect(anyhow(selector("x")).spread).toBe("disjoint");
  expect(anyhow(selector("ALERTS")).spread).toBe("all");
});

test.each([
  ['x{instance="a:90"}', ["a:90"]],
  ['x{job="j", instance=~"a|b-1:90"}', ["a", "b-1:90"]],
  ['x{instance=~"(a|b)"}', ["a", "b"]],
  [String.raw`x{instance=~"10\\.0\\.0\\.1:90|h\\-2"}`, ["10.0.0.1:90", "h-2"]],
  ['x{instance!="b", instance="a"}', ["a"]],
  ['x{instance=~".*", instance=~"a|b"}', ["a", "b"]],
  ["x", undefined],
  ['x{instance=""}', undefined],
  ['x{instance=~""}', undefined],
  ['x{instance=~"a|"}', undefined],
  ['x{instance=~"|a"}', undefined],
  ['x{instance=~"a.b"}', undefined],
  ['x{instance=~"a+"}', undefined],
  ['x{instance=~"(a)|(b)"}', undefined],
  ['x{instance=~"[ab]"}', undefined],
  ['x{instance=~"^a$"}', undefined],
  [String.raw`x{instance=~"a\\d"}`, undefined],
  ['x{instance!="a"}', undefined],
  ['x{instance!~"a|b"}', undefined],
])("%s names the instances %j", (query, instances) => {
  expect(instancesOf(selector(query))).toEqual(instances);
});
