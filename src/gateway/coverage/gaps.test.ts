import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareAnswers } from "../../../e2e/conformance/compare.ts";
import { type GatewayAlone, startGateway } from "../../../e2e/harness/gateway-alone.ts";
import { type HistogramSeries, remoteWriteHistograms } from "../../../e2e/harness/histogram-samples.ts";
import { type ApiAnswer, api, ask, post } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { type WrittenSeries, remoteWrite } from "../../../e2e/harness/remote-write.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";

const minutes = 60;
const interval = 15;
const scrapes = (minutes * 60) / interval;
const start = 1_795_420_000;
const perShard = 5;

type Replica = "a" | "b" | "reference";

/** What a replica has of a target's scrape in some minute. */
function state(replica: Replica, target: number, scrape: number): "good" | "bad" | "none" {
  const minute = (scrape * interval) / 60;
  if (replica === "reference") return "good";
  // one was away, then the other
  if (minute >= 10 && minute < 18 && replica === "a") return "none";
  if (minute >= 40 && minute < 45 && replica === "b") return "none";
  // each lacks another target at the same time
  if (minute >= 25 && minute < 31 && target === (replica === "a" ? 1 : 2)) return "none";
  // one did not reach a target, and says so
  if (minute >= 50 && minute < 54 && target === 3 && replica === "a") return "bad";
  // scrapes missed here and there
  if (target === 4 && scrape % 37 === (replica === "a" ? 5 : 35)) return "none";
  return "good";
}

const timeOf = (target: number, scrape: number) =>
  (start + scrape * interval) * 1000 + target * 1300 + (scrape % 3) * 4;

/** The series of a target but those of histograms. */
function seriesOf(replica: Replica, shard: number, target: number): WrittenSeries[] {
  const labels = { instance: `${shard}-${target}`, job: target < 3 ? "one" : "two" };
  const all = Array.from({ length: scrapes }, (_, scrape) => scrape).map((scrape) => ({
    scrape,
    time: timeOf(target, scrape),
    is: state(replica, target, scrape),
    was: scrape > 0 ? state(replica, target, scrape - 1) : "none",
  }));
  const samples = (value: (scrape: number) => number) =>
    all.flatMap(({ scrape, time, is, was }): [number, string][] => {
      if (is === "good") return [[time, String(value(scrape))]];
      return is === "bad" && was === "good" ? [[time, "stale"]] : [];
    });
  return [
    {
      labels: { __name__: "up", ...labels },
      samples: all.flatMap(({ time, is }): [number, string][] =>
        is === "none" ? [] : [[time, is === "good" ? "1" : "0"]],
      ),
    },
    { labels: { __name__: "counter", ...labels }, samples: samples((scrape) => (scrape % 100) * 7) },
    {
      labels: { __name__: "gauge", ...labels },
      samples: samples((scrape) => Math.sin(scrape + target) * 10),
    },
  ];
}

function histogramsOf(replica: Replica, shard: number, target: number): HistogramSeries {
  const kept = Array.from({ length: scrapes }, (_, scrape) => scrape).filter(
    (scrape) => state(replica, target, scrape) === "good",
  );
  return {
    labels: { __name__: "native", instance: `${shard}-${target}`, job: target < 3 ? "one" : "two" },
    samples: kept.map((scrape) => [timeOf(target, scrape), (scrape % 90) * 16] as const),
  };
}

const byTime = <T extends { samples: readonly (readonly [number, unknown])[] }>(
  all: T[],
  from: number,
  to: number,
): T[] => all.map((one) => ({ ...one, samples: one.samples.filter(([time]) => time >= from && time < to) }));

async function asked(base: string, params: Record<string, string>): Promise<ApiAnswer> {
  const path = params["step"] === undefined ? "query" : "query_range";
  return JSON.parse((await post(`${base}/api/v1/${path}`, params)).body.toString()) as ApiAnswer;
}

const queries = [
  "counter",
  "sum(rate(counter[5m]))",
  "sum by (job) (increase(counter[2m]))",
  "count_over_time(gauge[1m])",
  "avg by (instance) (avg_over_time(gauge[10m]))",
  "count(up)",
  "sum(up)",
  "min_over_time(up[3m])",
  "quantile(0.5, gauge)",
  "topk(2, gauge)",
  "resets(counter[30m])",
  "max_over_time(sum(gauge)[20m:1m])",
  "gauge - gauge offset 15m",
  "count(gauge @ 1795421000)",
  "absent(gauge{instance='0-1'})",
  "timestamp(gauge)",
  "changes(up[1h])",
];

describe.each([
  { version: "3.16", shards: 1, histograms: true },
  { version: "3.16", shards: 2, histograms: true },
  { version: "2.42", shards: 2, histograms: false },
])("$shards shards of two replicas with gaps, Prometheus $version", ({ version, shards, histograms }) => {
  let workplace: Workplace;
  let reference: PrometheusServer;
  let gateway: GatewayAlone;
  let single: PrometheusServer;
  let partner: PrometheusServer;

  beforeAll(async () => {
    workplace = new Workplace("gaps");
    const server = async (name: string, kept: readonly [Replica, number][]) => {
      const flags = [
        "--web.enable-remote-write-receiver",
        "--storage.tsdb.retention.time=10y",
        ...(version === "2.42" ? ["--enable-feature=native-histograms"] : []),
      ];
      const config = name === "reference" ? "{}\n" : `global: {external_labels: {replica: "${name}"}}\n`;
      const started = await startPrometheus({ folder: workplace.path(name), version, config, flags });
      const targets = kept.flatMap(([replica, shard]) =>
        Array.from({ length: perShard }, (_, target) => ({ replica, shard, target })),
      );
      const all = targets.flatMap(({ replica, shard, target }) => seriesOf(replica, shard, target));
      const native = targets.map(({ replica, shard, target }) => histogramsOf(replica, shard, target));
      for (let from = start - 60; from < start + minutes * 60 + 60; from += 1800) {
        await remoteWrite(started.url, byTime(all, from * 1000, (from + 1800) * 1000));
        if (histograms)
          await remoteWriteHistograms(started.url, byTime(native, from * 1000, (from + 1800) * 1000));
      }
      return started;
    };
    const ids = Array.from({ length: shards }, (_, shard) => shard);
    reference = await server(
      "reference",
      ids.map((shard) => ["reference", shard]),
    );
    const fleet: PrometheusServer[][] = [];
    for (const shard of ids)
      fleet.push([await server(`a${shard}`, [["a", shard]]), await server(`b${shard}`, [["b", shard]])]);
    single = fleet[0]?.[0] ?? reference;
    partner = fleet[0]?.[1] ?? reference;
    gateway = await startGateway(
      workplace.folder,
      fleet.map((replicas) => replicas.map(({ url }) => url)),
      version,
      { coverage: { missedScrapes: 0 } },
    );
    await until(
      "all is known of the replicas",
      20_000,
      async () => (await api<{ complete: boolean }>(gateway.url, "coverage")).complete,
    );
  });
  afterAll(async () => await workplace[Symbol.asyncDispose]());

  const end = start + minutes * 60 - interval;
  async function difference(base: string, params: Record<string, string>): Promise<string | undefined> {
    const [wanted, got] = await Promise.all([asked(reference.url, params), asked(base, params)]);
    return got.warnings ? got.warnings.join() : compareAnswers(wanted, got).difference;
  }

  const native = [
    "histogram_count(native)",
    "sum by (job) (histogram_sum(rate(native[5m])))",
    "histogram_quantile(0.9, sum(rate(native[10m])))",
  ];

  test.each(histograms ? [...queries, ...native] : queries)(
    "%s is what one server with all samples says",
    async (query) => {
      const range = { query, start: String(start), end: String(end), step: "35" };
      expect(await difference(gateway.url, range)).toBeUndefined();
      for (const minute of [14, 29.3, 42, 52.2])
        expect(await difference(gateway.url, { query, time: String(start + minute * 60) })).toBeUndefined();
    },
  );

  test("a replica alone says something else", async () => {
    const range = { query: "count_over_time(gauge[1m])", start: String(start), end: String(end), step: "35" };
    expect(await difference(single.url, range)).toMatch(/points instead of|missing|instead/);
  });

  test("names and values of labels are those of any replica", async () => {
    const during = { start: String(start + 26 * 60), end: String(start + 30 * 60) };
    const values = async (base: string) => await api<string[]>(base, "label/instance/values", during);
    expect(await values(gateway.url)).toEqual(await values(reference.url));
    const series = async (base: string) =>
      (await api<unknown[]>(base, "series", { "match[]": "up", ...during }))
        .map((one) => JSON.stringify(one))
        .toSorted();
    expect(await series(gateway.url)).toEqual(await series(reference.url));
  });

  test("what is missing where is told", async () => {
    const { body } = await ask(`${gateway.url}/api/v1/coverage?start=${start + 1500}&end=${start + 1800}`);
    const { data } = JSON.parse(body.toString()) as {
      data: { shards: { replicas: { server: string; gaps: { labels: { instance: string } }[] }[] }[] };
    };
    const gaps = data.shards[0]?.replicas.map(({ gaps }) => gaps.map(({ labels }) => labels.instance));
    expect(gaps).toEqual([expect.arrayContaining(["0-1"]), expect.arrayContaining(["0-2"])]);
  });

  test("what only a replica has that is gone is lacking, and that is told", async () => {
    await partner.process.kill();
    const during = {
      query: "count_over_time(gauge[1m])",
      start: String(start + 700),
      end: String(start + 900),
      step: "20",
    };
    const answer = await asked(gateway.url, during);
    expect(answer.status).toBe("success");
    expect(answer.warnings).toEqual([
      expect.stringMatching(
        /^shard 0 lacks samples of one 0-0, one 0-1, one 0-2 and 2 more between .*: the replica that has them is not available$/,
      ),
    ]);
    const later = { ...during, start: String(start + 2500), end: String(start + 2600) };
    expect(await difference(gateway.url, later)).toBeUndefined();
  });
});
