import { describe, expect, it } from "vitest";
import type { FleetSpec, Rule, RuleGroup, ScrapeConfig, Verbatim } from "../spec/fleet-spec.ts";
import { placeRules } from "./place-rules.ts";
import { testSpec } from "./test-spec.ts";

type TestRule = Verbatim & { expr: string };

function group(name: string, rules: readonly TestRule[], more: Verbatim = {}): RuleGroup {
  const parsed = rules.map((rule): Rule => {
    const record = rule["record"];
    const labels = (rule["labels"] ?? {}) as Record<string, string>;
    return typeof record === "string"
      ? { kind: "record", name: record, expr: rule.expr, labels }
      : { kind: "alert", name: rule["alert"] as string, expr: rule.expr, labels };
  });
  return { name, interval: undefined, rules: parsed, group: { name, rules, ...more } };
}

function job(jobName: string, config: Verbatim = {}, more: Partial<ScrapeConfig> = {}): ScrapeConfig {
  return {
    jobName,
    onEveryShard: false,
    shardKey: undefined,
    config: { job_name: jobName, ...config },
    ...more,
  };
}

const jobs = [job("app"), job("kube", {}, { onEveryShard: true })];

function place(rules: readonly RuleGroup[], scrapeConfigs: readonly ScrapeConfig[] = jobs) {
  const spec: FleetSpec = { ...testSpec, shards: 2, scrapeConfigs, rules };
  return placeRules(spec, ["0", "1"], (path) => ({ file: path.join("/"), line: 1, column: 1 }));
}

/** "shards", "first", or what is complained of. */
function verdict(
  expr: string,
  scrapeConfigs?: readonly ScrapeConfig[],
  rule: Verbatim = { record: "r" },
): string {
  const { groups, complaints } = place([group("g", [{ ...rule, expr }])], scrapeConfigs);
  if (complaints[0]) return complaints[0].message.replace(/^\w+ rule "\w+" of group "g" /, "");
  expect(groups[0]).toHaveLength(1);
  return groups[1]?.length === 1 ? "shards" : "first";
}

const app = 'x{job="app"}';
const kube = 'k{job="kube"}';

describe("placeRules", () => {
  it.each([
    app,
    `rate(${app}[5m])`,
    `-${app} * 2 > bool 1 + time()`,
    `max_over_time(deriv(${app}[5m])[1h:1m])`,
    `sum by (instance, path) (rate(${app}[5m]))`,
    `avg without (path) (${app})`,
    `topk by (instance) (3, ${app})`,
    `quantile without (cpu) (0.9, ${app})`,
    `histogram_quantile(0.9, sum by (instance, le) (rate(${app}[5m])))`,
    `histogram_quantile(0.9, rate(${app}[5m]))`,
    `${app} / ignoring (code) ${app}`,
    `${app} / on (instance) group_left sum by (instance) (${app})`,
    `${app} and ${app} unless on (instance, job) ${app}`,
    `${app} or ${app}`,
    `${app} > on (x) group_left ${kube}`,
    `${app} * on (x) group_left (version) ${kube}`,
    `${app} unless on () (sum(${kube}) > 3)`,
    `${kube} and on (instance) ${app}`,
    `label_replace(${app}, "host", "$1", "instance", "(.*):.*")`,
    `${app} offset 5m @ end()`,
    `sort_desc(${app})`,
    `predict_linear(${app}[1h], 3600) < scalar(sum(${kube}))`,
  ])("puts %s on every shard", (expr) => {
    expect(verdict(expr)).toBe("shards");
  });

  it.each([
    "1",
    "vector(time())",
    kube,
    `sum(${kube})`,
    `absent(${kube})`,
    `topk(3, ${kube}) / on () group_left count(${kube})`,
    `histogram_quantile(0.9, sum by (le) (rate(${kube}[5m])))`,
  ])("puts %s on the first shard alone", (expr) => {
    expect(verdict(expr)).toBe("first");
  });

  it.each([
    [`sum(${app})`, `in \`sum(${app})\` sum puts series of different instances together`],
    [`1 - sum by (job) (${app})`, "sum puts series of different instances together"],
    [`avg without (instance) (${app})`, "avg puts series of different instances together"],
    [`topk(3, ${app})`, "topk puts series of different instances together"],
    [`count_values by (instance) ("instance", ${app})`, "count_values puts series"],
    [`absent(${app})`, "absent() asks whether no shard has such series"],
    [`absent_over_time(${app}[5m])`, "absent_over_time() asks"],
    [`vector(scalar(${app}))`, "scalar() asks for the only series there is"],
    [`label_replace(${app}, "instance", "$1", "pod", "(.*)")`, "label_replace() changes instance"],
    [`label_join(${app}, "instance", "-", "pod")`, "label_join() changes instance"],
    [`${app} / on (path) ${app}`, "in / series are matched without instance"],
    [`${app} * on (instance) group_left (instance) ${app}`, "takes instance over"],
    [`${app} and ignoring (instance) ${app}`, "in and series are matched without instance"],
    [`${app} or vector(0)`, "or would repeat on every shard"],
    [`${kube} unless ${app}`, "unless would repeat on every shard"],
    [`${kube} and on (path) ${app}`, "in and series are matched without instance"],
    [`${kube} / on (path) ${app}`, "in / series are matched without instance"],
    [`info(${app})`, "info() joins with series that it finds by itself"],
    [`histogram_quantile(0.9, sum by (le) (${app}))`, "sum puts series of different instances together"],
    ['sum by (instance) (x{job=~"app|kube"})', "that every shard scrapes and jobs whose targets are spread"],
  ])("refuses %s", (expr, complaint) => {
    expect(verdict(expr)).toContain("needs the data of all shards: ");
    expect(verdict(expr)).toContain(complaint);
  });

  it("refuses what it does not understand", () => {
    expect(verdict("sum(")).toContain("does not understand");
    expect(verdict("x anchored")).toContain("does not understand");
  });

  it("says everything at once, and where", () => {
    const { complaints } = place([
      group("a", [
        { record: "fine", expr: "1" },
        { record: "x:sum", expr: `sum(${app})` },
      ]),
      group("b", [{ alert: "Gone", expr: `absent(${app})` }]),
    ]);
    expect(complaints.map(({ at, message }) => `${at?.file}: ${message}`)).toEqual([
      'spec/rules/0/rules/1/expr: record rule "x:sum" of group "a" needs the data of all shards: in `sum(x{job="app"})` sum puts series of different instances together, and these are on different shards',
      'spec/rules/1/rules/0/expr: alert rule "Gone" of group "b" needs the data of all shards: in `absent(x{job="app"})` absent() asks whether no shard has such series',
    ]);
  });

  it("gives everything to a single shard", () => {
    const rules = [
      group("g", [
        { record: "r", expr: `sum(${app})` },
        { record: "s", expr: "sum(" },
      ]),
    ];
    const spec: FleetSpec = { ...testSpec, shards: 1, scrapeConfigs: jobs, rules };
    expect(placeRules(spec, ["0"], () => undefined)).toEqual({ groups: [rules], complaints: [] });
  });

  it("leaves what only the first shard evaluates out of the others' groups", () => {
    const rules = [
      { record: "a", expr: app },
      { record: "b", expr: `sum(${kube})` },
    ];
    const { groups } = place([
      group("g", rules, { interval: "1m" }),
      group("h", [{ record: "c", expr: "1" }]),
    ]);
    expect(groups.map((list) => list.map(({ group }) => group))).toEqual([
      [
        { name: "g", interval: "1m", rules },
        { name: "h", rules: [{ record: "c", expr: "1" }] },
      ],
      [{ name: "g", interval: "1m", rules: [rules[0]] }],
    ]);
  });
});

describe("jobs that a selector can match", () => {
  const sum = "sum by (instance) (x)";

  it("take an unpinned selector for every job", () => {
    expect(verdict(sum, [job("a"), job("b")])).toBe("shards");
    expect(verdict(sum, [job("a"), job("b", {}, { shardKey: ["pod"] })])).toContain(
      'the targets of job "b" are spread by pod',
    );
    expect(
      verdict('sum by (instance) (x{job!="b"})', [job("a"), job("b", { honor_labels: true })]),
    ).toContain("honor_labels");
  });

  it("let a pinned selector forget the others", () => {
    const pinned = 'sum by (instance) (x{job="a"})';
    expect(verdict(pinned, [job("a"), job("b", {}, { shardKey: ["pod"] })])).toBe("shards");
    // the other job's label may be "a" as well
    const disguised = job(
      "b",
      { relabel_configs: [{ target_label: "job", replacement: "a" }] },
      { shardKey: ["pod"] },
    );
    expect(verdict(pinned, [job("a"), disguised])).toContain('job "b"');
    const mapped = { action: "labelmap", regex: "__meta_(.+)" };
    expect(
      verdict(pinned, [job("a"), job("b", { relabel_configs: [mapped] }, { shardKey: ["pod"] })]),
    ).toContain('job "b"');
    const prefixed = { ...mapped, replacement: "meta_$1" };
    expect(
      verdict(pinned, [job("a"), job("b", { relabel_configs: [prefixed] }, { shardKey: ["pod"] })]),
    ).toBe("shards");
  });

  it.each([
    { honor_labels: true },
    { metric_relabel_configs: [{ source_labels: ["exported_instance"], target_label: "instance" }] },
    { metric_relabel_configs: [{ action: "labeldrop", regex: "inst.*" }] },
    { metric_relabel_configs: [{ action: "labelkeep", regex: "job" }] },
    { metric_relabel_configs: [{ action: "labelmap", regex: "exported_(.*)" }] },
    { metric_relabel_configs: [{ target_label: "${1}", source_labels: ["a"] }] },
  ])("do not count on instance with %j", (config) => {
    expect(verdict(sum, [job("a", config)])).toContain("put");
    // each series alone is still on one shard
    expect(verdict("rate(x[5m]) > 0", [job("a", config)])).toBe("shards");
  });

  it.each([
    { relabel_configs: [{ source_labels: ["pod"], target_label: "instance" }] },
    { metric_relabel_configs: [{ action: "labeldrop", regex: "id" }] },
    { metric_relabel_configs: [{ action: "drop", source_labels: ["instance"], regex: "x" }] },
    { metric_relabel_configs: [{ target_label: "le" }] },
  ])("count on instance with %j", (config) => {
    expect(verdict(sum, [job("a", config)])).toBe("shards");
  });

  it("let alerts, but no recording, look at series that are in part the same everywhere", () => {
    expect(verdict("up == 0", jobs, { alert: "Down" })).toBe("shards");
    expect(verdict("up == 0", jobs)).toContain("would be recorded by every shard");
  });

  it("count the jobs of promfleet itself", () => {
    const spec = { ...testSpec, shards: 2, monitoring: { fleet: true, node: true, demo: 3 } };
    const rules = [group("g", [{ record: "r", expr: 'sum(up{job=~"node|demo"})' }])];
    expect(placeRules({ ...spec, rules }, ["0", "1"], () => undefined).complaints).toHaveLength(1);
  });
});

function record(name: string, expr: string): TestRule {
  return { record: name, expr };
}

describe("outputs of rules", () => {
  it("are where the rule that makes them is", () => {
    const { groups, complaints } = place([
      group("g", [
        record("i:x", `sum by (instance) (${app})`),
        record("i:y", "sum by (instance) (i:x)"),
        record("k:x", `sum(${kube})`),
        record("k:y", "k:x * 2"),
      ]),
    ]);
    expect(complaints).toEqual([]);
    expect(groups[1]?.[0]?.rules.map(({ name }) => name)).toEqual(["i:x", "i:y"]);
  });

  it.each([
    ["sum(i:x)", "sum puts series of different instances together"],
    ["i:x > on () group_left k:x", "needs what only the first shard has"],
    ['{__name__=~"(i|k):x"}', "only the first shard has"],
    ["all:x", "it reads all:x, which itself needs all shards"],
    ["self", "it goes round in a circle to the output of self"],
    ["count(ALERTS)", "count puts series"],
  ])("make %s need all shards", (expr, complaint) => {
    const { complaints } = place([
      group("g", [
        record("i:x", `sum by (instance) (${app})`),
        record("k:x", `sum(${kube})`),
        record("all:x", `sum(${app})`),
        { alert: "Down", expr: `${app} == 0` },
        record("self", expr),
      ]),
    ]);
    expect(complaints.at(-1)?.message).toContain(complaint);
  });

  it("must not have instance set to something else", () => {
    expect(verdict(app, jobs, { record: "r", labels: { instance: "all" } })).toContain(
      "sets the label instance",
    );
    expect(verdict(kube, jobs, { record: "r", labels: { instance: "all" } })).toBe("first");
    const { complaints } = place([group("g", [record("r", app)], { labels: { instance: "all" } })]);
    expect(complaints).toHaveLength(1);
  });

  it("must not depend on a query in a template", () => {
    const annotations = { text: '{{ with query "sum(up)" }}{{ . | first | value }}{{ end }}' };
    expect(verdict(app, jobs, { alert: "A", annotations })).toContain("asks `query` in a template");
    expect(verdict(app, jobs, { alert: "A", annotations: { text: "{{ $value }} queries" } })).toBe("shards");
  });
});
