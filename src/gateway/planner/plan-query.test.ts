import { describe, expect, test } from "vitest";
import { parse } from "../../promql/parse.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import type { WholeShard } from "../distribute/shard-results.ts";
import type { Replica } from "../router/router.ts";
import { prometheusFeatures } from "../../plan/prometheus-version.ts";
import { fleetLocality } from "./fleet-locality.ts";
import { type FleetView, type QueryPlan, planQuery } from "./plan-query.ts";

const times = { from: 1000, to: 2000 };
const anyhow = fleetLocality({ onEveryShard: [], spreadByInstance: undefined });

function replica(shard: string, name: string): Replica {
  return {
    shard,
    name,
    server: `${shard}${name}`,
    url: "http://x",
    externalLabels: {},
    features: undefined,
    isWell: true,
    respondsSince: undefined,
  };
}

/** Who has all of a shard. */
const whole = (shard: string): WholeShard => ({
  shard,
  replicas: [replica(shard, "a"), replica(shard, "b")],
});

/** @param lacking shards of which no replica has all */
function fleet(shards: readonly string[], lacking: readonly string[] = []): FleetView {
  return {
    shards,
    locality: fleetLocality({ onEveryShard: ["everywhere"], spreadByInstance: undefined }),
    shardOf: () => undefined,
    whole: (shard) => ({ replicas: whole(shard).replicas, isWhole: !lacking.includes(shard) }),
    haveMoved: () => false,
  };
}

function plan(
  query: string,
  view: FleetView,
  {
    exact = false,
    params = [],
    read = times,
  }: { exact?: boolean; params?: [string, string][]; read?: TimeRange | null } = {},
): QueryPlan {
  return planQuery(
    { query, expression: parse(query), params: [["query", query], ...params], exact },
    view,
    read ?? undefined,
  );
}

const three = fleet(["0", "1", "2"]);

const evaluated = (why: string): QueryPlan => ({ way: "evaluate", why });

test("one shard answers whatever it is asked", () => {
  const one = fleet(["0"]);
  for (const query of ["sum(x) / sum(y)", "ALERTS", "not understood (", "1", 'up{job="everywhere"}'])
    expect(plan(query, one)).toMatchObject({ way: "pass", ...whole("0") });
  expect(
    plan("sum(x)", { ...one, haveMoved: () => true }, { exact: true, params: [["stats", "all"]] }),
  ).toMatchObject({ way: "pass", ...whole("0") });
  expect(plan("x", one, { read: null })).toMatchObject({ way: "pass", ...whole("0") });
  expect(plan("x", fleet(["0"], ["0"]))).toEqual(
    evaluated("each replica of shard 0 lacks something in that time"),
  );
});

test("without shards there is nothing to ask", () => {
  expect(plan("x", fleet([]))).toEqual(evaluated("there are no shards"));
});

test.each([
  ["x", "concat", "concat"],
  ["quantile by (instance) (0.9, x)", "concat", "concat"],
  ["sum(x)", "combine", "add"],
  ["min(x)", "combine", "least"],
  ["group(x)", "combine", "one"],
  ["avg(x)", "combine", "average"],
  ["topk(3, x)", "combine", "first"],
])("%s takes the way %s of all shards: %s", (query, way, kind) => {
  expect(plan(query, { ...three, locality: anyhow })).toMatchObject({
    way,
    distribution: { kind },
    shards: ["0", "1", "2"].map(whole),
  });
});

test("what is put together of several shards may be parts of a query", () => {
  const view = { ...three, locality: anyhow };
  expect(plan("sum(x) / sum(y) > 5", view)).toMatchObject({
    way: "cut",
    cut: { parts: [{ text: "sum(x)" }, { text: "sum(y)" }] },
    shards: ["0", "1", "2"].map(whole),
  });
  expect(plan("sum(x) / y", view, { exact: true }).way).toBe("evaluate");
  expect(plan("sum(x) / y", { ...view, haveMoved: () => true }).way).toBe("evaluate");
  expect(plan("sum(x) / y", { ...fleet(["0", "1"], ["1"]), locality: anyhow }).way).toBe("evaluate");
});

test("what servers before 3.0 leave out of sums they do not tell, where they take native histograms", () => {
  const features = { ...prometheusFeatures("2.42.0"), hidesMixedGroups: true };
  const old: FleetView = {
    ...three,
    locality: anyhow,
    whole: (shard) => ({ replicas: [{ ...replica(shard, "a"), features }], isWhole: true }),
  };
  for (const query of ["sum(x)", "avg(x)", "sum(x) / sum(y)", "sum by (instance) (x)"])
    expect(plan(query, old).way).toBe("evaluate");
  for (const query of ["x", "rate(x[5m])"]) expect(plan(query, old).way).toBe("concat");
  for (const query of ["max(x)", "count(x)", "topk(3, x)"]) expect(plan(query, old).way).toBe("combine");
});

test.each([
  ["1", "it reads no series"],
  ["ALERTS", "alerts may be the same on several shards"],
  ["up", 'it may read job "everywhere", which is on every shard'],
  ["up{", "it is not understood as a whole"],
])("%s is evaluated", (query, why) => {
  expect(plan(query, three)).toEqual(evaluated(why));
});

test("a query that has to be exact is put together of nothing that is added up", () => {
  const view = { ...three, locality: anyhow };
  for (const query of ["sum(x)", "avg(x)"])
    expect(plan(query, view, { exact: true })).toEqual(
      evaluated("shards that are put together are not exact to the last bit"),
    );
  expect(plan("rate(x[5m])", view, { exact: true }).way).toBe("concat");
});

test.each([
  ["limit", "5", "evaluate"],
  ["limit", "-1", "evaluate"],
  ["limit", "0", "concat"],
  ["limit", "", "concat"],
  ["stats", "all", "evaluate"],
  ["stats", "true", "evaluate"],
  ["stats", "", "concat"],
  ["lookback_delta", "1m", "concat"],
  ["timeout", "5", "concat"],
])("with %s=%s it is %s", (name, value, way) => {
  expect(plan("x", { ...three, locality: anyhow }, { params: [[name, value]] }).way).toBe(way);
});

test("where it is not certain which times are read, it is evaluated", () => {
  for (const query of ["x", 'up{job="everywhere"}'])
    expect(plan(query, three, { read: null })).toEqual(evaluated("what times it reads is not certain"));
});

test("so it is where targets have moved in that time", () => {
  const looked: TimeRange[] = [];
  const view: FleetView = {
    ...three,
    locality: anyhow,
    haveMoved(range) {
      looked.push(range);
      return range.from < 500;
    },
  };
  expect(plan("x", view).way).toBe("concat");
  expect(plan("x", view, { read: { from: 0, to: 9 } })).toEqual(
    evaluated("in that time targets have moved between shards"),
  );
  expect(looked).toEqual([times, { from: 0, to: 9 }]);
});

test("so it is where no replica of some shard has all of it", () => {
  for (const query of ["x", "sum(x)"])
    expect(plan(query, { ...fleet(["0", "1", "2"], ["1"]), locality: anyhow })).toEqual(
      evaluated("each replica of shard 1 lacks something in that time"),
    );
});

test("what every shard has is passed to one", () => {
  for (const query of ['up{job="everywhere"}', 'sum(x{job="everywhere"}) / on () y{job="everywhere"}'])
    expect(plan(query, three, { exact: true, params: [["limit", "5"]] })).toMatchObject({
      way: "pass",
      ...whole("0"),
    });
  expect(plan('up{job="everywhere"}', fleet(["0", "1"], ["0"])).way).toBe("evaluate");
});

describe("instances of which the shard is known:", () => {
  /** The first digit of an instance is its shard. */
  const view: FleetView = {
    ...three,
    locality: fleetLocality({
      onEveryShard: ["everywhere"],
      spreadByInstance: { exceptJobs: ["pushed"], exceptMetrics: [] },
    }),
    shardOf: (instance, range) =>
      range === times && /^[0-2]/.test(instance) ? instance.slice(0, 1) : undefined,
  };

  test.each([
    ['quantile(0.9, x{job="a",instance="1"})', "1"],
    ['x{job="a",instance="1"} / on () y{job="b",instance="12"}', "1"],
    ['sum(x{job="a",instance=~"20|21|(22)"})', undefined],
    ['sum(x{job="a",instance=~"20|21|22"})', "2"],
    ['sum(x{job="a",instance=~"(20|21)"})', "2"],
    ['x{job="a",instance="1"} / on () up{job="everywhere"}', "1"],
    ['x{job="a",instance=~"1|2"}', undefined],
    ['x{job="a",instance="1"} + x{job="a",instance="2"}', undefined],
    ['x{job="a",instance="1"} + x{job="a"}', undefined],
    ['x{job="a",instance="unknown"}', undefined],
    ['x{job="a",instance=~"1|unknown"}', undefined],
    ['x{job="a",instance=~"1.*"}', undefined],
    ['x{job="a",instance!="1"}', undefined],
    ['x{job="pushed",instance="1"}', undefined],
    ['x{instance="1"}', undefined],
    ['ALERTS{job="a",instance="1"}', undefined],
  ])("%s is passed to %s", (query, shard) => {
    const got = plan(query, view);
    expect(got.way === "pass" ? got : undefined).toEqual(
      shard === undefined
        ? undefined
        : { way: "pass", why: "all instances that it names are on this shard", ...whole(shard) },
    );
  });

  test("but not where their shard lacks something", () => {
    const query = 'x{job="a",instance="1"}';
    expect(plan(query, { ...view, whole: fleet(["0", "1", "2"], ["1"]).whole }).way).toBe("evaluate");
    expect(plan(query, { ...view, whole: fleet(["0", "1", "2"], ["2"]).whole }).way).toBe("pass");
  });
});
