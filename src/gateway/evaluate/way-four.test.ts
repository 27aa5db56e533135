import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EvaluationBed } from "../../../e2e/harness/evaluation-bed.ts";
import { type HistogramSeries, remoteWriteHistograms } from "../../../e2e/harness/histogram-samples.ts";
import { post } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { type WrittenSeries, remoteWrite } from "../../../e2e/harness/remote-write.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";

const stepMs = 15_000;
const start = Math.floor(Date.now() / stepMs) * stepMs - 3600_000;
const end = start + 3000_000;
const times = Array.from({ length: (end - start) / stepMs }, (_, index) => start + index * stepMs);

/** Each target's series lie on one shard; `shard` says on which. */
function floats(shard: number): WrittenSeries[] {
  const series: WrittenSeries[] = [];
  for (let target = shard; target < 8; target += 2) {
    const labels = { job: target < 6 ? "app" : "other", instance: `host-${target}:9090` };
    for (const code of ["200", "404", "500"]) {
      const rate = target + Number(code) / 100;
      series.push({
        labels: { __name__: "requests_total", ...labels, code },
        // a counter that is reset once
        samples: times.map((time, index) => [time, String((index < 120 ? index : index - 120) * rate)]),
      });
    }
    series.push({
      labels: { __name__: "temperature", ...labels },
      samples: times.map((time, index) => [
        time,
        index % 40 === 20 ? "stale" : String(Math.sin(index + target) * 20),
      ]),
    });
    for (const le of ["0.1", "1", "+Inf"]) {
      const share = { "0.1": 0.3, "1": 0.8, "+Inf": 1 }[le] ?? 0;
      series.push({
        labels: { __name__: "latency_bucket", ...labels, le },
        samples: times.map((time, index) => [time, String(Math.floor(index * 10 * share))]),
      });
    }
    series.push({ labels: { __name__: "up", ...labels }, samples: times.map((time) => [time, "1"]) });
    series.push({
      labels: { __name__: "ümläut", ...labels },
      samples: times.map((time) => [time, String(target)]),
    });
  }
  return series;
}

/** Names of metrics that Prometheus 2 takes. */
function oldNames({ labels }: WrittenSeries): boolean {
  return labels["__name__"] !== "ümläut";
}

function sorted<T extends { labels: Record<string, string> }>(series: readonly T[]): T[] {
  const key = ({ labels }: T) =>
    Object.entries(labels)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .flat()
      .join("\0");
  return series.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}

/** Of the samples: the one at which instant queries are evaluated. */
const resetAt = (end - 300_000 - start) / stepMs;

function histograms(shard: number): HistogramSeries[] {
  return [shard, shard + 2].flatMap((target) => {
    const labels = { job: "app", instance: `host-${target}:9090` };
    const counts = times.map((_, index) => index * (target + 1) * 4);
    return [
      {
        labels: { __name__: "latency_native", ...labels },
        samples: times.map((time, index): [number, number] => [time, counts[index] ?? 0]),
      },
      {
        labels: { __name__: "resetting_native", ...labels },
        samples: times.map((time, index): [number, number] => [time, counts[index % resetAt] ?? 0]),
      },
    ];
  });
}

interface Asked {
  query: string;
  since3?: true;
  /** Reads native histograms. */
  histograms?: true;
  /** Can not be marked, as promfleet does not understand it. */
  traced?: true;
  /** What it says depends on an order of matchers that no storage of 2.42 makes. */
  ordered?: true;
}

const queries: readonly Asked[] = [
  { query: "1 + 1" },
  { query: "time()" },
  { query: "up" },
  { query: "temperature" },
  { query: "temperature offset 5m" },
  { query: `temperature @ ${end / 1000 - 600}` },
  { query: "temperature @ end()" },
  { query: "requests_total" },
  { query: 'requests_total{code=~"4..|5.."}' },
  { query: 'requests_total{code!~"4..|5..",instance!="host-1:9090"}' },
  { query: '{job="app"}', histograms: true },
  { query: "sum(rate(requests_total[5m]))" },
  { query: "sum by (job) (rate(requests_total[5m]))" },
  { query: "avg without (instance) (temperature)" },
  { query: "topk(3, temperature)" },
  { query: "bottomk by (job) (1, temperature)" },
  { query: "quantile(0.9, temperature)" },
  { query: "stddev(temperature)" },
  { query: 'count_values("v", up)' },
  { query: "histogram_quantile(0.9, sum by (le) (rate(latency_bucket[5m])))" },
  { query: "histogram_quantile(0.9, sum(rate(latency_native[5m])))", histograms: true },
  { query: "sum(latency_native)", histograms: true },
  { query: "latency_native", histograms: true },
  // the first sample that is read comes before a reset, the second one after it
  { query: "sum_over_time(resetting_native[30s])", histograms: true },
  { query: "avg(last_over_time(resetting_native[10s]))", histograms: true },
  { query: "absent(nothing)" },
  { query: 'absent(nothing{job!="app",job="other"})', ordered: true },
  { query: 'absent_over_time(nothing{job!~"a.+",job="other",x="1"}[1m])', ordered: true },
  { query: 'absent(nothing{job="other",job!="app"})' },
  { query: 'absent(nothing{job="app"})' },
  { query: "absent_over_time(temperature[1m])" },
  { query: "sum(up) or vector(0)" },
  { query: "sum(nothing) or vector(0)" },
  { query: "requests_total / ignoring(code) group_left sum without (code) (requests_total)" },
  { query: "temperature and on(instance) up == 1" },
  { query: 'temperature unless temperature{job="other"}' },
  { query: "max_over_time(sum(temperature)[10m:1m])" },
  { query: "rate(requests_total[5m:30s])" },
  { query: "max_over_time(temperature[5m])" },
  { query: "count_over_time(temperature[5m])" },
  { query: "last_over_time(temperature[90s] offset 1m)" },
  { query: "scalar(sum(up))" },
  { query: "temperature * scalar(sum(up))" },
  { query: "timestamp(temperature)" },
  { query: 'label_replace(temperature, "host", "$1", "instance", "(.*):.*")' },
  { query: 'label_join(up, "both", "-", "job", "instance")' },
  { query: "sort_desc(temperature)" },
  { query: "changes(temperature[10m])" },
  { query: "predict_linear(temperature[10m], 600)" },
  { query: "temperature - temperature" },
  { query: 'up{cluster="eu"}' },
  { query: 'up{cluster!="eu"}' },
  { query: 'up{cluster=~"eu|us"}' },
  { query: "sum by (cluster) (up)" },
  { query: '{__name__=~"up|temperature"}' },
  { query: '{"ümläut"}', since3: true },
  // promfleet's own parser does not know these
  { query: "temperature * 5." },
  { query: "rate(requests_total[4m+1m])", traced: true },
  { query: "rate(requests_total[5m] smoothed) - rate(requests_total[5m] anchored)", traced: true },
  { query: "sum(histogram_count(latency_native))", histograms: true },
  // wrong ones: the error, with its position, has to be the same
  { query: "" },
  { query: "sum(" },
  { query: "rate(temperature)" },
  { query: "temperature\n  + on(" },
  { query: "sum(up) by" },
  { query: "{}" },
  { query: '{job=~".*"}' },
  { query: "up{job='app'" },
  { query: "nofunction(up)" },
  { query: 'label_replace(up, "x", "$1", "job", "(")' },
  { query: "up + on(job) up" },
  { query: "up[5m]" },
  { query: "-1 ^ 0.5 + 0x1p4" },
];

const evaluators = [
  { name: "3.16", version: "3.16", features: {} },
  {
    name: "3.16 taken for one that does not pass trace ids on",
    version: "3.16",
    features: { readsCarryTraceId: false },
  },
  { name: "2.42", version: "2.42", features: {} },
];

describe.each(evaluators)("with an evaluator of $name", ({ version, features }) => {
  let workplace: Workplace;
  let bed: EvaluationBed;
  let reference: PrometheusServer;
  const isOld = version.startsWith("2.");

  beforeAll(async () => {
    workplace = new Workplace("way-four");
    const flags = [
      "--web.enable-remote-write-receiver",
      // small frames: series come in many
      "--storage.remote.read-max-bytes-in-frame=400",
      ...(isOld ? ["--enable-feature=native-histograms"] : []),
    ];
    const config = "global: {external_labels: {cluster: eu, replica: a}}\n";
    const external = { cluster: "eu", replica: "a" };
    const begun = [0, 1].map((shard) =>
      startPrometheus({
        folder: workplace.path(`shard-${shard}`),
        version,
        flags,
        config,
      }),
    );
    reference = await startPrometheus({
      folder: workplace.path("reference"),
      version,
      flags,
      config: "{}\n",
    });
    const shards = await Promise.all(begun);
    const written = isOld ? oldNames : () => true;
    for (const [shard, { url }] of shards.entries()) {
      await remoteWrite(url, floats(shard).filter(written));
      await remoteWriteHistograms(url, histograms(shard));
    }
    // the head's order is that of creation; written in the order of labels it is the one that a merge makes
    await remoteWrite(reference.url, sorted([...floats(0), ...floats(1)].filter(written)));
    await remoteWriteHistograms(reference.url, sorted([...histograms(0), ...histograms(1)]));
    bed = await EvaluationBed.start(workplace, {
      version,
      features,
      shards: shards.map(({ url }) => [{ url, externalLabels: external }]),
      evaluatorFlags: isOld ? ["--enable-feature=native-histograms"] : [],
    });
  });

  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
    await workplace[Symbol.asyncDispose]();
  });

  async function both(params: Record<string, string>) {
    const api = params["step"] === undefined ? "query" : "query_range";
    const [gateway, direct] = await Promise.all([
      bed.query(params),
      post(`${reference.url}/api/v1/${api}`, params),
    ]);
    return {
      gateway: { status: gateway.status, ...comparable(gateway.body) },
      direct: { status: direct.status, ...comparable(direct.body.toString()) },
    };
  }

  const isMarked = isOld || "readsCarryTraceId" in features;
  const understood = queries.filter(
    ({ since3, histograms, traced, ordered }) =>
      !(isOld && (since3 || histograms)) && !(isMarked && (traced || ordered)),
  );

  test.each(understood)("instant: $query", async ({ query }) => {
    const { gateway, direct } = await both({ query, time: String(end / 1000 - 300) });
    expect(gateway).toEqual(direct);
  });

  test.each(understood)("range: $query", async ({ query }) => {
    const range = { start: String(start / 1000), end: String(end / 1000), step: "67" };
    const { gateway, direct } = await both({ query, ...range });
    expect(gateway).toEqual(direct);
  });

  test("what a limit cuts off is no failure", async () => {
    const range = { start: String(start / 1000), end: String(end / 1000), step: "67" };
    for (const params of [
      { query: "sort(temperature)", time: String(end / 1000 - 300), limit: "2" },
      { query: "temperature", ...range, limit: "2" },
    ]) {
      const { gateway, direct } = await both(params);
      expect(gateway).toEqual(direct);
    }
  });

  test("a value of stats that Prometheus only warns about is no failure", async () => {
    const { status, body } = await bed.query({ query: "up", time: String(end / 1000 - 300), stats: "1" });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toHaveProperty("data.stats");
  });

  test.each(isMarked && !isOld ? queries.filter(({ traced }) => traced) : [])(
    "what can not be marked is refused: $query",
    async ({ query }) => {
      await expect(bed.query({ query, time: String(end / 1000) })).rejects.toMatchObject({
        code: "QUERY_NOT_MARKABLE",
      });
    },
  );

  test.each(isOld ? queries.filter(({ histograms }) => histograms) : [])(
    "native histograms, which the evaluator would leave out, are refused: $query",
    async ({ query }) => {
      await expect(bed.query({ query, time: String(end / 1000 - 300) })).rejects.toMatchObject({
        code: "EVALUATOR_DROPS_HISTOGRAMS",
      });
    },
  );
});

/** Instant vectors have no order; all else has to be the same to the byte. */
function comparable(body: string): object {
  const answer = JSON.parse(body) as { data?: { resultType: string; result: unknown[] } };
  if (answer.data?.resultType === "vector" && !body.includes("sort")) {
    answer.data.result = answer.data.result.map((one) => JSON.stringify(one)).toSorted();
  }
  return answer;
}
