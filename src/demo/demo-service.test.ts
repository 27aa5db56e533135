import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { HistogramSample, Labels, MetricFamily } from "../telemetry/exposition/metric-family.ts";
import { DemoService } from "./demo-service.ts";

const noon = Date.UTC(2026, 10, 24, 12);
const year = 365 * 86_400_000;

function family(families: readonly MetricFamily[], name: string): MetricFamily {
  const found = families.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

/** Values of the series of a counter or gauge. */
function values(families: readonly MetricFamily[], name: string): number[] {
  const found = family(families, name);
  if (found.kind === "histogram") throw new Error(`${name} is a histogram`);
  return found.samples.map((sample) => sample.value);
}

function histograms(families: readonly MetricFamily[]): readonly HistogramSample[] {
  const found = family(families, "demo_http_request_duration_seconds");
  if (found.kind !== "histogram") throw new Error("not a histogram");
  return found.samples;
}

function key(name: string, labels: Labels, more = ""): string {
  return `${name} ${JSON.stringify(labels)} ${more}`;
}

/** Every number that must never fall, by series. */
function cumulative(families: readonly MetricFamily[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const one of families) {
    if (one.kind === "counter" && one.name !== "demo_worker_tasks_total")
      for (const { labels, value } of one.samples) all.set(key(one.name, labels), value);
    if (one.kind === "histogram")
      for (const { labels, count, sum, buckets, native } of one.samples) {
        all.set(key(one.name, labels, "count"), count);
        all.set(key(one.name, labels, "sum"), sum);
        for (const bucket of buckets)
          all.set(key(one.name, labels, String(bucket.upperBound)), bucket.cumulativeCount);
        for (const [index, value] of native?.positive ?? [])
          all.set(key(one.name, labels, `#${index}`), value);
      }
  }
  return all;
}

function fallen(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): string[] {
  return [...before]
    .filter(([series, value]) => !((after.get(series) ?? -1) >= value))
    .map(([series]) => series);
}

test("whoever asks at the same moment sees the same, whatever was asked before", () => {
  const fresh = new DemoService({ seed: 7, instance: 3 });
  const used = new DemoService({ seed: 7, instance: 3 });
  for (const other of [noon + year, noon - 1000, noon + 5]) used.collect(other);
  expect(used.collect(noon)).toEqual(fresh.collect(noon));
});

test("another instance and another seed are another service", () => {
  const totals = [
    { seed: 7, instance: 3 },
    { seed: 7, instance: 4 },
    { seed: 8, instance: 3 },
  ].map((options) => values(new DemoService(options).collect(noon), "demo_http_requests_total").join(","));
  expect(new Set(totals).size).toBe(3);
});

test("what is counted never falls, over any step of time", () => {
  const service = new DemoService({ seed: 1, instance: 0 });
  const time = fc.integer({ min: noon - year, max: noon + 5 * year });
  const step = fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 1, max: 14 * 86_400_000 }));
  fc.assert(
    fc.property(time, step, (at, further) => {
      const before = cumulative(service.collect(at));
      const after = cumulative(service.collect(at + further));
      expect(fallen(before, after)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test("what is counted does not fall where a week ends", () => {
  const service = new DemoService({ seed: 1, instance: 2 });
  const boundary = Date.UTC(2026, 0, 1) + 46 * 7 * 86_400_000;
  const before = cumulative(service.collect(boundary - 1));
  const after = cumulative(service.collect(boundary));
  expect(fallen(before, after)).toEqual([]);
});

test("both histograms tell of the same requests", () => {
  for (const { count, sum, buckets, native } of histograms(
    new DemoService({ seed: 1, instance: 1 }).collect(noon),
  )) {
    const inNative = [...(native?.positive.values() ?? [])].reduce((total, value) => total + value, 0);
    expect(inNative).toBe(count);
    expect(buckets.at(-1)?.cumulativeCount).toBeLessThanOrEqual(count);
    const counts = buckets.map((bucket) => bucket.cumulativeCount);
    expect(counts).toEqual(counts.toSorted((one, other) => one - other));
    // bucket 0 ends at 1 s, and so does a classic one
    const upToOne = [...(native?.positive ?? [])].filter(([index]) => index <= 0);
    expect(buckets.find((bucket) => bucket.upperBound === 1)?.cumulativeCount).toBe(
      upToOne.reduce((total, [, value]) => total + value, 0),
    );
    expect(sum / count).toBeGreaterThan(0.005);
    expect(sum / count).toBeLessThan(1);
  }
});

test("the histograms count what the request counter counts, but for what rounding leaves", () => {
  const families = new DemoService({ seed: 1, instance: 1 }).collect(noon);
  const requests = values(families, "demo_http_requests_total").reduce((sum, value) => sum + value, 0);
  const observed = histograms(families).reduce((sum, { count }) => sum + count, 0);
  expect(Math.abs(observed - requests)).toBeLessThan(2000); // of 10^9
});

test("within twenty minutes something fails on some instance, and most of the time nothing does", () => {
  const services = [0, 1, 2, 3, 4, 5].map((instance) => new DemoService({ seed: 1, instance }));
  const failed = (at: number) =>
    services.map((service) => {
      const requests = family(service.collect(at), "demo_http_requests_total");
      if (requests.kind !== "counter") throw new Error("not a counter");
      const of503 = requests.samples.filter(({ labels }) => labels["code"] === "503");
      return of503.reduce((sum, { value }) => sum + value, 0);
    });
  let calm = 0;
  const minutes = 240;
  for (let minute = 0; minute < minutes; minute += 20) {
    const rising: boolean[] = [];
    for (let one = minute; one < minute + 20; one++) {
      const before = failed(noon + one * 60_000);
      const after = failed(noon + (one + 1) * 60_000);
      rising.push(after.some((value, at) => value > (before[at] ?? 0)));
      calm += after.filter((value, at) => value === before[at]).length;
    }
    expect(rising).toContain(true);
  }
  expect(calm / (minutes * services.length)).toBeGreaterThan(0.5);
});

test("traffic swings with the day, and by the minute", () => {
  const service = new DemoService({ seed: 1, instance: 0 });
  const total = (at: number) =>
    values(service.collect(at), "demo_http_requests_total").reduce((sum, value) => sum + value, 0);
  const perMinute = (at: number) => total(at + 60_000) - total(at);
  const atHour = (hour: number) => {
    const minutes = Array.from({ length: 60 }, (_, minute) =>
      perMinute(noon + (hour - 12) * 3_600_000 + minute * 60_000),
    );
    return { mean: minutes.reduce((sum, value) => sum + value, 0) / 60, minutes };
  };
  const afternoon = atHour(15);
  expect(afternoon.mean / atHour(3).mean).toBeGreaterThan(1.5);
  expect(Math.max(...afternoon.minutes) / Math.min(...afternoon.minutes)).toBeGreaterThan(1.1);
});

test("one counter begins again now and then", () => {
  const service = new DemoService({ seed: 1, instance: 0 });
  let resets = 0;
  let before = 0;
  for (let second = 0; second < 3600; second += 5) {
    const [value = 0] = values(service.collect(noon + second * 1000), "demo_worker_tasks_total");
    if (value < before) resets++;
    before = value;
  }
  expect(resets).toBeGreaterThanOrEqual(5);
  expect(resets).toBeLessThanOrEqual(9);
});

test("gauges stay where such things stay, and move", () => {
  const service = new DemoService({ seed: 3, instance: 2 });
  const seen = Array.from({ length: 500 }, (_, at) => service.collect(noon + at * 61_000));
  const range = (name: string) => {
    const all = seen.flatMap((families) => values(families, name));
    return { least: Math.min(...all), most: Math.max(...all), distinct: new Set(all).size };
  };
  expect(range("demo_cpu_usage_ratio").least).toBeGreaterThan(0);
  expect(range("demo_cpu_usage_ratio").most).toBeLessThan(1);
  expect(range("demo_memory_usage_bytes").least).toBeGreaterThan(200 * 2 ** 20);
  expect(range("demo_queue_depth").least).toBeGreaterThanOrEqual(0);
  for (const name of ["demo_cpu_usage_ratio", "demo_temperature_celsius", "demo_memory_usage_bytes"])
    expect(range(name).distinct).toBeGreaterThan(50);
});

test("the batch job's times lie in the past, in order, and some runs fail", () => {
  const service = new DemoService({ seed: 1, instance: 4 });
  let late = 0;
  for (let minute = 0; minute < 600; minute++) {
    const now = noon + minute * 60_000;
    const families = service.collect(now);
    const [run = 0] = values(families, "demo_batch_last_run_timestamp_seconds");
    const [success = 0] = values(families, "demo_batch_last_success_timestamp_seconds");
    expect(run).toBeLessThanOrEqual(now / 1000);
    expect(run).toBeGreaterThan(now / 1000 - 300);
    expect(success).toBeLessThanOrEqual(run);
    if (success < run) late++;
  }
  expect(late).toBeGreaterThan(5);
  expect(late).toBeLessThan(100);
});
