import { describe, expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import { type Distributed, type Distribution, distributionOf } from "./distribution.ts";
import { fleetLocality } from "./fleet-locality.ts";

/** A fleet of which no more is known than that no series is on two shards. */
const anyhow = fleetLocality({ onEveryShard: [], spreadByInstance: undefined });
const everywhere = fleetLocality({ onEveryShard: ["all", "self"], spreadByInstance: undefined });
const byInstance = fleetLocality({
  onEveryShard: ["all"],
  spreadByInstance: { exceptJobs: ["pushed"], exceptMetrics: ["recorded"] },
});

function found(query: string, locality = anyhow): Distributed {
  const expression = parse(query);
  if (!expression) throw new Error(`not understood: ${query}`);
  return distributionOf(expression, locality);
}

function kindOf(query: string, locality = anyhow): Distribution["kind"] | "none" {
  const how = found(query, locality);
  return "whyNot" in how ? "none" : how.distribution.kind;
}

const ways: Record<Distribution["kind"], readonly string[]> = {
  concat: [
    "up",
    "(up)",
    "((up))",
    '{"up"}',
    '{__name__="up"}',
    '{__name__=~"a|b:c"}',
    '{__name__=~"up.*"}',
    '{__name__!~"ALERTS.*"}',
    '{job="a", __name__!="ALERTS", __name__!="ALERTS_FOR_STATE"}',
    "up offset 5m",
    "up @ start()",
    "up[5m]",
    "(up[5m])",
    "up[1h:1m]",
    "(up > 0)[1h:]",
    "rate(x[5m])[1h:1m]",
    "rate(x[5m] offset 1h)",
    "max_over_time(rate(x[5m])[1h:1m])",
    "min_over_time((x < 5)[1h:1m])",
    "quantile_over_time(0.9, x[5m])",
    "predict_linear(x[1h], 2 * 3600)",
    "clamp(x, 0, 1 + 1)",
    "clamp_max(x, time())",
    "round(x, 0.5)",
    "timestamp(x)",
    "hour(x)",
    "histogram_sum(rate(x[5m]))",
    "-x",
    "+x",
    "2 * x",
    "time() - x",
    "x ^ -(1 + pi())",
    "x atan2 1",
    "x > 5",
    "5 < bool x",
    "x == bool 1",
    "abs(x > 5) < 9",
    "x and vector(1)",
    "x unless on () vector(1)",
    "x * on () group_left vector(2)",
    'abs({__name__=~"a|b"} > 5)',
    'rate({__name__=~"a|b"}[5m])',
    '-rate({__name__=~"a|b"}[5m])',
    'label_replace(x, "a", "$1", "b", "(.*)")',
    'label_replace(x > 5, "a", "$1", "b", "(.*)")',
    'label_join(rate(x[5m]), "a", "-", "b", "c")',
    "quantile by (instance) (0.9, x)",
    "quantile by (instance, cpu) (0.5 + 0.4, rate(x[5m]))",
    "stddev by (job, instance) (x)",
    "stdvar without (cpu) (x > 5)",
    "-quantile without () (0.9, x)",
    "-sum by (instance) (x)",
    "-(avg by (instance) (x))",
    "histogram_quantile(0.9, x_bucket)",
    "histogram_quantile(0.9, rate(x_bucket[5m]))",
    "histogram_quantile(0.9, (sum by (instance, le) (rate(x_bucket[5m]))))",
    "histogram_quantile(0.9, sum without (cpu) (rate(x_bucket[5m])))",
    "histogram_fraction(0, 1, rate(x_bucket[5m]))",
  ],
  add: [
    "sum(x)",
    "(sum(x))",
    "SUM BY (a) (x)",
    "sum(x) without (a)",
    "sum by (instance) (x)",
    "sum(x > 5)",
    "sum(x offset 5m)",
    "sum(rate(x[5m]))",
    'sum(rate({__name__="x"}[5m]))',
    "sum(time() - x)",
    "sum(max_over_time(rate(x[5m])[1h:1m]))",
    'sum({__name__=~"a|b"})',
    'sum by (__name__) ({__name__=~"a|b"})',
    'sum({__name__=~"a|b"} > 5)',
    "sum(histogram_count(rate(x[5m])))",
    "count(x)",
    "count(x == bool 1)",
    'count_values("v", x)',
    'count_values by (a, b) ("v", x > 5)',
  ],
  least: ["min(x)", "min by (a) (-x)", "min(min_over_time(x[5m]))"],
  greatest: ["max(x)", "max without (a) (rate(x[5m]))"],
  one: ["group(x)", "group by (a) (x > 5)", 'group by (__name__) ({__name__=~"a|b"})'],
  average: ["avg(x)", "AVG(x) by (a)", "((avg without (a) (rate(x[5m]))))", "avg(x > 5)", "avg(x == bool 1)"],
  first: ["topk(3, x)", "bottomk by (a) (1, rate(x[5m]))", "topk without (a) (10000, x > 5)", "(topk(3, x))"],
};

for (const [kind, queries] of Object.entries(ways))
  describe(`${kind}:`, () => {
    test.each(queries)("%s", (query) => {
      expect(kindOf(query)).toBe(kind);
    });
  });

const others: Record<string, readonly string[]> = {
  "what reads nothing": ["1", "time()", "vector(1)", '"a"', "hour()"],
  "several selectors": [
    "x + y",
    "x + x",
    "x / on (a) y",
    "x * on (a) group_left (b) y",
    "x == y",
    "x > bool y",
    "x and y",
    "x or y",
    "x unless y",
    "x or vector(0)",
    "vector(1) and x",
    "vector(1) unless x",
    "x + vector(1)",
    "sum(x and vector(1))",
    "sum(x) / sum(y)",
    "sum by (instance) (x) / sum by (instance) (y)",
    "sum(x + y)",
    "sum(x and y)",
    "sum(x or y)",
    "quantile by (instance) (0.9, x or y)",
    "rate((x + y)[1h:1m])",
  ],
  "what one series alone does not tell": [
    "absent(x)",
    "absent_over_time(x[5m])",
    "absent(sum(x))",
    "scalar(x)",
    "vector(scalar(x))",
    "x > scalar(x)",
    "x * scalar(y)",
    "clamp_max(x, scalar(y))",
    "predict_linear(x[1h], scalar(y))",
    "quantile_over_time(scalar(q), x[5m])",
    "round(x, scalar(y))",
    "sum(x > scalar(y))",
    "sort(x)",
    "sort_desc(sum(x))",
    'sort_by_label(x, "a")',
    "abs(sort_desc(x))",
    "sort(x) > 5",
    "info(x)",
  ],
  "something over an aggregation": [
    "sum(x) > 5",
    "sum by (instance) (x) > 5",
    "quantile by (instance) (0.9, x) > 5",
    "sum(x) == bool 1",
    "sum by (instance) (x) * 2",
    "-sum(x)",
    "-topk(1, x)",
    "round(sum(x))",
    "abs(sum by (instance) (x))",
    "sum(sum by (a) (x))",
    "sum(sum by (instance) (x))",
    "max by (instance) (sum by (instance, cpu) (x))",
    "count(count by (a) (x))",
    "avg(sum by (instance) (x))",
    "topk(3, sum by (a) (x))",
    "topk(3, sum by (instance) (x))",
    "topk(3, topk(5, x))",
    "sum(x)[1h:1m]",
    "max_over_time(sum(x)[1h:1m])",
    "avg_over_time(sum by (instance) (x)[1h:])",
    "rate(sum(x)[5m:])",
    'label_replace(sum by (instance) (x), "a", "b", "c", "d")',
    'label_replace(sum(x), "a", "b", "c", "d")',
    "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))",
    "histogram_quantile(0.9, sum without (instance) (rate(x_bucket[5m])))",
    "histogram_quantile(0.9, sum(rate(x[5m])))",
    "histogram_quantile(0.9, max_over_time(sum by (instance, le) (x_bucket)[1h:]))",
    "histogram_quantile(0.9, sum by (instance, le) (x_bucket) > 0)",
    "histogram_quantile(0.9, topk by (instance) (1, x_bucket))",
    "histogram_quantile(0.9, x_bucket) > 5",
    "sum(histogram_quantile(0.9, x_bucket))",
    "max_over_time(histogram_quantile(0.9, x_bucket)[1h:1m])",
  ],
  "histograms of which a bucket may be missing, or not be its own": [
    "histogram_quantile(0.9, x_bucket > 0)",
    "histogram_quantile(0.9, rate(x_bucket[5m]) > 0)",
    "histogram_quantile(scalar(q), x_bucket)",
    "histogram_fraction(0, scalar(y), x_bucket)",
    'histogram_quantile(0.9, label_replace(x_bucket, "a", "", "", ""))',
    'histogram_quantile(0.9, rate({__name__=~"a|b"}[5m]))',
    'histogram_quantile(0.9, sum by (instance, le) (rate({__name__=~"a|b"}[5m])))',
    'histogram_quantile(0.9, sum by (instance, le) (label_replace(x_bucket, "instance", "", "", "")))',
  ],
  "groups of several shards": [
    "quantile(0.9, x)",
    "quantile by (job) (0.9, x)",
    "quantile without (instance) (0.9, x)",
    "quantile by (instance) (scalar(q), x)",
    "stddev(x)",
    "stdvar without (job, instance) (x)",
    'quantile by (instance) (0.9, rate({__name__=~"a|b"}[5m]))',
    'stddev by (instance) (label_replace(x, "instance", "$1", "pod", "(.*)"))',
  ],
  "aggregations of series that may be the same without their name": [
    'sum(rate({__name__=~"a|b"}[5m]))',
    'sum by (instance) (-{__name__=~"a|b"})',
    'avg(abs({__name__=~"a|b"}))',
    'max({__name__=~"a|b"} * 2)',
    'count({__name__=~"a|b"} > bool 5)',
    'topk(3, rate({__name__=~"a|b"}[5m]))',
    'group(max_over_time(rate({__name__=~"a|b"}[5m])[1h:]))',
    'count_values("v", ceil({__name__=~"a|b"}))',
  ],
  "aggregations of series that may be the same with other labels": [
    'sum(label_replace(x, "a", "b", "c", "d"))',
    'sum by (instance) (rate(label_replace(x, "a", "b", "c", "d")[5m:]))',
    'avg(label_join(x, "a", "-", "b", "c"))',
    'max(label_replace(x, "a", "b", "c", "d") > 5)',
    'topk(3, label_replace(x, "a", "b", "c", "d"))',
    'count_values("v", label_replace(x, "a", "b", "c", "d"))',
    'count(-label_replace(x, "a", "b", "c", "d"))',
  ],
  "series under another instance": [
    'label_replace(x, "instance", "$1", "pod", "(.*)")',
    'label_join(x, "instance", "-", "a", "b")',
  ],
  "values as labels that are there": [
    'count_values by (a) ("a", x)',
    'count_values without (a) ("v", x)',
    'count_values without () ("instance", x)',
    'count_values by (instance, v) ("v", x)',
  ],
  "first of a number that is not written down": [
    "topk(scalar(k), x)",
    "topk(scalar(count(x)), x)",
    "topk(1 + 1, x)",
    "topk((3), x)",
    "topk(time(), x)",
    "topk(0, x)",
    "topk(-1, x)",
    "topk(+3, x)",
    "topk(1.5, x)",
    "topk(1e1, x)",
    "topk(0x10, x)",
    "topk(1_0, x)",
    "topk(Inf, x)",
    "topk(5m, x)",
    "topk(10001, x)",
    "bottomk by (instance) (0, x)",
  ],
  "any of them": ["limitk(3, x)", "limit_ratio(0.5, x)"],
  "what alerts may be": [
    "ALERTS",
    'ALERTS{alertname="a"}',
    "count(ALERTS)",
    "ALERTS_FOR_STATE",
    '{"ALERTS"}',
    '{__name__="ALERTS"}',
    '{__name__=~"ALERTS|up"}',
    '{__name__=~"ALERTS.*"}',
    '{__name__=~".+"}',
    '{__name__=~"AL..TS"}',
    '{__name__!="up"}',
    '{__name__=~"(?i)alerts"}',
    '{job="a"}',
    'sum({instance="a"})',
    'count by (__name__) ({__name__=~".+"})',
    'time() - ALERTS_FOR_STATE{alertname="a"}',
    "last_over_time(ALERTS[1h])",
  ],
};

for (const [reason, queries] of Object.entries(others))
  describe(`not distributed: ${reason}:`, () => {
    test.each(queries)("%s", (query) => {
      expect(kindOf(query)).toBe("none");
    });
  });

test("what is first says how many, and from which end", () => {
  expect(found("topk(12, x)")).toMatchObject({ distribution: { kind: "first", k: 12, fromTop: true } });
  expect(found("bottomk by (a) (1, x)")).toMatchObject({
    distribution: { kind: "first", k: 1, fromTop: false, node: { grouping: { mode: "by", labels: ["a"] } } },
  });
});

describe("jobs on every shard:", () => {
  test.each([
    ["up", "none"],
    ["sum(up)", "none"],
    ["quantile by (instance) (0.9, up)", "none"],
    ['up{job="all"}', "none"],
    ['sum(up{job="all"})', "none"],
    ['quantile by (instance) (0.9, up{job="all"})', "none"],
    ['up{job=~"a|all"}', "none"],
    ['up{job=~"a.*"}', "none"],
    ['up{job=~".+"}', "none"],
    ['up{job!="a"}', "none"],
    ['up{job!="all"}', "none"],
    ['up{job!~"a"}', "none"],
    ['up{instance="all"}', "none"],
    ['up{job="a"} or up{job="all"}', "none"],
    ['up{job="all"} unless up{job="a"}', "none"],
    ['up{job="a"} + up{job="all"}', "none"],
    ['sum(up{job="a"} * on (job) group_left up{job="all"})', "none"],
    ['up{job="a"}', "concat"],
    ['up{job=""}', "concat"],
    ['up{job!~"all|self"}', "concat"],
    ['up{job=~"al|b-c"}', "concat"],
    ['up{job=~"a.*",job!="all"}', "concat"],
    ['up{job="a"} unless on () up{job="all"}', "concat"],
    ['up{job="a"} * scalar(up{job="all"})', "concat"],
    ['sum(rate(x{job="a"}[5m]))', "add"],
    ['avg(x{job!~"all|self"})', "average"],
  ])("%s is %s", (query, kind) => {
    expect(kindOf(query, everywhere)).toBe(kind);
  });

  test("the reason is said", () => {
    expect(found("up", everywhere)).toEqual({ whyNot: 'it may read job "all", which is on every shard' });
  });
});

describe("where all of an instance is on one shard:", () => {
  test.each([
    ['x{job="a"} + x{job="a"}', "concat"],
    ['x{job="a"} / on (instance) y{job="a"}', "concat"],
    ['x{job="a"} * on (instance) group_left (b) y{job="a"}', "concat"],
    ['x{job="a"} and y{job="a"}', "concat"],
    ['x{job="a"} or ignoring (cpu) y{job="a"}', "concat"],
    ['sum by (instance) (x{job="a"}) > 5', "concat"],
    ['topk by (instance) (2, x{job="a"})', "concat"],
    ['count_values by (instance) ("v", x{job="a"})', "concat"],
    ['max_over_time(sum by (instance) (x{job="a"})[1h:1m])', "concat"],
    ['histogram_quantile(0.9, sum by (instance, le) (x{job="a"})) > 5', "concat"],
    ['label_replace(x{job="a"}, "pod", "", "", "") == 0', "concat"],
    ['rate({__name__=~"a|b",job="a"}[5m]) > 5', "concat"],
    ['up{job="all"} and on (instance) x{job="a"}', "concat"],
    ['sum(x{job="a"} / y{job="a"})', "add"],
    ['count(sum by (instance) (x{job="a"}) > 5)', "add"],
    ['sum(rate({__name__=~"a|b",job="a"}[5m]))', "add"],
    ['max(max by (instance, cpu) (x{job="a"}))', "greatest"],
    ['avg(label_replace(x{job="a"}, "a", "b", "c", "d"))', "average"],
    ['topk(2, sum by (instance) (x{job="a"}))', "first"],
    // a job that is spread otherwise, and what only the first shard records
    ['sum by (instance) (x{job="pushed"}) > 5', "none"],
    ['sum by (instance) (x{job=~"a|pushed"}) > 5', "none"],
    ['recorded{job="a"} + x{job="a"}', "none"],
    ['{__name__=~"rec.+",job="a"} + x{job="a"}', "none"],
    ['sum(x{job="a"} / recorded{job="a"})', "none"],
    ["x + y", "none"],
    // series of several instances
    ['x{job="a"} / on (job) y{job="a"}', "none"],
    ['x{job="a"} and on (job) y{job="a"}', "none"],
    ['x{job="a"} or ignoring (instance) y{job="a"}', "none"],
    ['x{job="a"} * on (cpu) group_left y{job="a"}', "none"],
    ['x{job="a"} * on (instance) group_left (instance) y{job="a"}', "none"],
    ['sum by (job) (x{job="a"}) > 5', "none"],
    ['quantile(0.9, x{job="a"})', "none"],
    ['quantile by (instance) (scalar(x{job="a"}), x{job="a"})', "none"],
    ['sum without (instance) (x{job="a"}) / 2', "none"],
    ['sum(sum by (job) (x{job="a"}))', "none"],
    ['topk(2, sum(x{job="a"}))', "none"],
    ['count_values by (instance) ("instance", x{job="a"})', "none"],
    ['histogram_quantile(0.9, sum by (le) (x{job="a"}))', "none"],
    ['absent(x{job="a"})', "none"],
    ['absent_over_time(x{job="a"}[5m])', "none"],
    ['x{job="a"} > scalar(y{job="a"})', "none"],
    ['x{job="a"} or vector(0)', "none"],
    ['max_over_time(sum(x{job="a"})[1h:1m])', "none"],
    ['sum by (instance) (label_replace(x{job="a"}, "instance", "b", "", ""))', "none"],
    ['sort(sum by (instance) (x{job="a"}))', "none"],
    ['info(x{job="a"})', "none"],
    ['sum by (instance) ({job="a"})', "none"],
    ['count by (instance) (ALERTS{job="a"})', "none"],
  ])("%s is %s", (query, kind) => {
    expect(kindOf(query, byInstance)).toBe(kind);
  });
});
