import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FleetSpec, ScrapeConfig } from "../spec/fleet-spec.ts";
import { isWhole } from "./locality.ts";
import { RuleGraph } from "./rule-graph.ts";
import { slotOf } from "./slots.ts";
import { testSpec } from "./test-spec.ts";

const cache = process.env["PROMFLEET_CACHE"] ?? path.join(homedir(), ".cache", "promfleet");

function job(jobName: string, onEveryShard: boolean): ScrapeConfig {
  return { jobName, onEveryShard, shardKey: undefined, config: { job_name: jobName } };
}

const spec: FleetSpec = { ...testSpec, shards: 2, scrapeConfigs: [job("app", false), job("kube", true)] };

/** Seconds; the last sample stands at the time of the queries. */
const interval = 15;
const samples = 40;
const end = Math.floor(Date.now() / 1000 / 3600) * 3600 - 7200;

interface Series {
  labels: Readonly<Record<string, string>>;
  /** undefined: on every shard. */
  shard: number | undefined;
}

const instances = { app: ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1"], kube: ["a:1", "k:2"] } as const;

function series(metric: string, more: readonly Readonly<Record<string, string>>[]): Series[] {
  return (["app", "kube"] as const).flatMap((name) =>
    instances[name].flatMap((instance) =>
      more.map((labels) => ({
        labels: { __name__: metric, job: name, instance, ...labels },
        shard: name === "kube" ? undefined : slotOf([instance]) >> 9,
      })),
    ),
  );
}

const data: readonly Series[] = [
  ...series("x", [{ path: "a" }, { path: "b" }]),
  ...series("y", [{ path: "a" }]),
  ...series("h_bucket", [{ le: "1" }, { le: "2" }, { le: "+Inf" }]),
];

/** A counter of its own pace; buckets grow with their bound. */
function valueOf(index: number, sample: number): number {
  return (index + 1) * sample * 1.37 + ((index * 7919 + sample * 104_729) % 97) / 97;
}

function exposition(shard: number | undefined): string {
  const lines = data.flatMap((one, index) => {
    if (shard !== undefined && one.shard !== undefined && one.shard !== shard) return [];
    const { __name__: name, ...labels } = one.labels;
    const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return Array.from({ length: samples }, (_, sample) => {
      const time = end - (samples - 1 - sample) * interval;
      return `${name}{${text.join(",")}} ${valueOf(index, sample)} ${time}`;
    });
  });
  return `${lines.join("\n")}\n# EOF\n`;
}

/** Expressions as people could write them, most of which no shard can evaluate alone. */
const expressions = fc.letrec<{ vector: string; selector: string; labels: string; matching: string }>(
  (tie) => ({
    labels: fc.subarray(["instance", "job", "path", "le"]).map((labels) => labels.join(", ")),
    selector: fc
      .tuple(
        fc.constantFrom("x", "y", "h_bucket"),
        fc.constantFrom('job="app"', 'job="kube"', 'job="app", path="a"', 'instance="a:1"', ""),
      )
      .map(([metric, matchers]) => `${metric}{${matchers}}`),
    matching: fc.oneof(
      fc.constant(""),
      fc
        .tuple(
          fc.constantFrom("on", "ignoring"),
          tie("labels"),
          fc.constantFrom("", "", " group_left ()", " group_right (job)"),
        )
        .map(([mode, labels, group]) => `${mode} (${labels})${group}`),
    ),
    vector: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      tie("selector"),
      tie("selector").map((selector) => `rate(${selector}[2m])`),
      fc
        .tuple(
          fc.constantFrom(
            "sum",
            "count",
            "avg",
            "max",
            "stddev",
            "topk 2,",
            "quantile 0.3,",
            'count_values "path",',
            'count_values "instance",',
          ),
          fc.constantFrom("by", "without"),
          tie("labels"),
          tie("vector"),
        )
        .map(([call, mode, labels, inner]) => {
          const [op, param = ""] = call.split(" ");
          return `${op} ${mode} (${labels}) (${param}${inner})`;
        }),
      fc
        .tuple(
          tie("vector"),
          fc.constantFrom("+", "/", ">", "== bool", "and", "or", "unless"),
          tie("matching"),
          tie("vector"),
        )
        .map(([left, op, matching, right]) => {
          const set = ["and", "or", "unless"].includes(op);
          return `(${left}) ${op} ${set ? matching.replace(/ group_.*/, "") : matching} (${right})`;
        }),
      fc
        .tuple(tie("vector"), fc.constantFrom("* 2", "> 10", "- time()"))
        .map(([left, right]) => `(${left}) ${right}`),
      fc
        .tuple(
          fc.constantFrom("abs", "-", "absent", "timestamp", "sort", "histogram_quantile 0.5,"),
          tie("vector"),
        )
        .map(([call, inner]) => {
          const [func, param = ""] = call.split(" ");
          return `${func}(${param}${inner})`;
        }),
      tie("vector").map((inner) => `vector(scalar(${inner}))`),
      tie("vector").map((inner) => `max_over_time((${inner})[1m:15s])`),
      fc
        .tuple(tie("vector"), fc.constantFrom("path", "instance", "host"))
        .map(([inner, label]) => `label_replace(${inner}, "${label}", "$1", "instance", "(.).*")`),
    ),
  }),
).vector;

type Answer = Map<string, number>;

async function ask(url: string, query: string): Promise<Answer | undefined> {
  const body = new URLSearchParams({ query, time: String(end) });
  const response = await fetch(`${url}/api/v1/query`, { method: "POST", body });
  const answer = (await response.json()) as {
    status: string;
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (answer.status !== "success") return undefined;
  return new Map(
    answer.data.result.map(({ metric, value }) => [
      JSON.stringify(Object.entries(metric).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      Number(value[1]),
    ]),
  );
}

/** Label sets whose values are not the same, but for rounding. */
function differences(actual: Answer, expected: Answer): string[] {
  return [...new Set([...actual.keys(), ...expected.keys()])].filter((labels) => {
    const [one, other] = [actual.get(labels), expected.get(labels)];
    if (one === undefined || other === undefined) return true;
    return !Object.is(one, other) && one !== other && !(Math.abs(one - other) <= 1e-9 * Math.abs(other));
  });
}

describe.each(["2.42.0", "3.16.0"])("with Prometheus %s", (version) => {
  const programs = path.join(cache, "programs", `prometheus-${version}`);
  const there = existsSync(programs);
  const running: ChildProcess[] = [];
  let folder = "";
  let whole = "";
  let shards: string[] = [];

  async function start(name: string, shard: number | undefined): Promise<string> {
    const file = path.join(folder, `${name}.om`);
    const dataDir = path.join(folder, name);
    await writeFile(file, exposition(shard));
    execFileSync(path.join(programs, "promtool"), [
      "tsdb",
      "create-blocks-from",
      "openmetrics",
      file,
      dataDir,
    ]);
    const config = path.join(folder, "prometheus.yml");
    await writeFile(config, "global: {}\n");
    const flags = [
      `--config.file=${config}`,
      `--storage.tsdb.path=${dataDir}`,
      "--web.listen-address=127.0.0.1:0",
    ];
    const child = spawn(path.join(programs, "prometheus"), flags, { stdio: ["ignore", "ignore", "pipe"] });
    running.push(child);
    let url: string | undefined;
    for await (const line of createInterface({ input: child.stderr })) {
      const address = /Listening on.* address=(\S+)/.exec(line)?.[1];
      if (address !== undefined) url = `http://${address}`;
      if (line.includes("Server is ready")) break;
    }
    child.stderr.resume();
    if (url === undefined) throw new Error("prometheus did not start");
    return url;
  }

  beforeAll(async () => {
    if (!there) return;
    folder = await mkdtemp(path.join(tmpdir(), "promfleet-rules-"));
    whole = await start("whole", undefined);
    shards = [await start("first", 0), await start("second", 1)];
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    if (there) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it.skipIf(!there)(
    "what we call local comes out on the shards as it does on one Prometheus",
    { timeout: 120_000 },
    async () => {
      let checked = 0;
      let full = 0;
      await fc.assert(
        fc.asyncProperty(expressions, async (expr) => {
          // which of equal values topk takes is not told by any of them
          fc.pre(!expr.includes("topk") || !/count|bool|scalar|absent/.test(expr));
          const rule = { kind: "alert" as const, name: "R", expr, labels: {} };
          const locality = new RuleGraph({ ...spec, rules: [] }).localityOf(rule);
          if (locality.spread === "all") return;
          const expected = await ask(whole, expr);
          // what one Prometheus refuses may be refused or not
          if (!expected) return;
          const answers = await Promise.all(
            (isWhole(locality) ? shards.slice(0, 1) : shards).map((url) => ask(url, expr)),
          );
          const union: Answer = new Map();
          expect(answers).not.toContain(undefined);
          let twice = false;
          for (const answer of answers)
            for (const [labels, value] of answer ?? []) {
              twice ||= union.has(labels);
              union.set(labels, value);
            }
          // only what every shard scrapes may come from two
          expect(twice && locality.spread !== "mixed").toBe(false);
          expect(differences(union, expected)).toEqual([]);
          checked++;
          if (expected.size > 0) full++;
        }),
        { numRuns: 2000 },
      );
      expect(checked).toBeGreaterThan(300);
      expect(full).toBeGreaterThan(150);
    },
  );
});
