import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type DemoExporter, startDemoExporter } from "../../src/demo/demo-exporter.ts";
import { ask, vector } from "../harness/http.ts";
import { cachedProgram } from "../harness/programs.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

let exporter: DemoExporter;
beforeAll(async () => {
  exporter = await startDemoExporter({ listen: "127.0.0.1", ports: [0, 0], seed: 1, clock: Date.now });
});
afterAll(() => exporter.close());

let workplace: Workplace | undefined;
afterEach(() => workplace?.[Symbol.asyncDispose]());

interface Scraping {
  version: string;
  /** Lines of the scrape config. */
  lines?: readonly string[];
  flags?: readonly string[];
}

/** Starts a Prometheus that scrapes the exporter, and waits for eight scrapes of each instance. Returns its URL. */
async function scrape({ version, lines = [], flags = [] }: Scraping): Promise<string> {
  workplace = new Workplace("demo");
  const targets = exporter.ports.map((port) => `"127.0.0.1:${port}"`).join(", ");
  const config = [
    "global: {scrape_interval: 200ms}",
    "scrape_configs:",
    "- job_name: demo",
    `  static_configs: [{targets: [${targets}]}]`,
    ...lines.map((line) => `  ${line}`),
  ];
  const { url } = await startPrometheus({
    folder: workplace.path("prometheus"),
    version,
    config: `${config.join("\n")}\n`,
    flags,
  });
  await until("both instances were scraped eight times", 20_000, async () => {
    const counts = await vector(url, 'count_over_time(up{job="demo"}[20s])');
    return counts.length === 2 && counts.every(({ value }) => Number(value[1]) >= 8);
  });
  expect((await vector(url, "min_over_time(up[20s]) == 1")).length).toBe(2);
  const log = readFileSync(workplace.path("prometheus/log"), "utf8");
  expect(log.split("\n").filter((line) => /level=(warn|error)/i.test(line) && /scrape/.test(line))).toEqual(
    [],
  );
  return url;
}

/** The one number that an expression gives. */
async function number(url: string, expression: string): Promise<number> {
  const samples = await vector(url, expression);
  if (samples.length !== 1) throw new Error(`${expression} gives ${samples.length} samples`);
  return Number(samples[0]?.value[1]);
}

const quantileOfClassic =
  "histogram_quantile(0.9, sum by (le) (rate(demo_http_request_duration_seconds_bucket[10s])))";
const quantileOfNative = "histogram_quantile(0.9, sum(rate(demo_http_request_duration_seconds[10s])))";

describe.each(["3.16", "2.42"])("Prometheus %s", (version) => {
  test("takes all there is in the text formats, without native histograms", async () => {
    const url = await scrape({ version });
    expect(await number(url, quantileOfClassic)).toBeGreaterThan(0.02);
    expect(await number(url, quantileOfClassic)).toBeLessThan(2);
    // at night, and with a window that is filled to a fifth
    expect(await number(url, "sum(rate(demo_http_requests_total[10s]))")).toBeGreaterThan(3);
    const errors = await vector(url, 'demo_http_requests_total{code="503"}');
    expect(errors).toHaveLength(2 * 6);
    expect(await number(url, "count(demo_build_info == 1)")).toBe(2);
    expect(await number(url, "max(time() - demo_batch_last_success_timestamp_seconds)")).toBeLessThan(3600);
  });

  test("takes native histograms by protobuf", async () => {
    const native =
      version === "3.16"
        ? { lines: ["scrape_native_histograms: true", "always_scrape_classic_histograms: true"] }
        : { flags: ["--enable-feature=native-histograms"] };
    const url = await scrape({ version, ...native });
    const quantile = await number(url, quantileOfNative);
    expect(quantile).toBeGreaterThan(0.02);
    expect(quantile).toBeLessThan(2);
    // the native histogram counts what the counter counts
    const observed = await number(url, "histogram_count(sum(rate(demo_http_request_duration_seconds[10s])))");
    const requests = await number(url, "sum(rate(demo_http_requests_total[10s]))");
    expect(Math.abs(observed / requests - 1)).toBeLessThan(0.5);
    const resets = await vector(url, "resets(demo_http_request_duration_seconds[20s]) > 0");
    expect(resets).toEqual([]);
    if (version !== "3.16") return;
    // and the classic one, scraped with it, agrees within its coarser buckets
    const classic = await number(url, quantileOfClassic);
    expect(classic / quantile).toBeGreaterThan(0.6);
    expect(classic / quantile).toBeLessThan(1.7);
  });

  test("promtool has nothing to say about the metrics", async () => {
    const { body } = await ask(`http://127.0.0.1:${exporter.ports[0]}/metrics`);
    const promtool = path.join(path.dirname(cachedProgram("prometheus", version)), "promtool");
    const said = spawnSync(promtool, ["check", "metrics"], { input: body, encoding: "utf8" });
    expect([said.status, said.stdout, said.stderr]).toEqual([0, "", ""]);
  });
});
