import type { HistogramSeries } from "../harness/histogram-samples.ts";
import type { WrittenSeries } from "../harness/remote-write.ts";
import { type Target, historySeconds } from "./history.ts";
import { Random } from "../harness/random.ts";

/** A sample of a series; `native`: how many observations a native histogram has. */
export type Sample = readonly [ms: number, value: string];

export interface ScrapedSeries {
  labels: Record<string, string>;
  /** Values in Prometheus' own notation, "stale" for a stale marker; of a native histogram, how many observations it has. */
  samples: Sample[];
  isNative: boolean;
}

/** All that a scraper that misses nothing has of a target. */
export interface TargetSamples {
  target: Target;
  /** Of its scrapes, ms since 1970, ascending. */
  times: readonly number[];
  series: readonly ScrapedSeries[];
}

const bounds = ["0.1", "0.5", "1", "5", "+Inf"] as const;
/** Prometheus ends the series of a target that has gone a little over two intervals after its last scrape. */
const endMarker = 2.2;

/** Of a target of a history that begins at a time, s since 1970. */
export function targetSamples(target: Target, base: number): TargetSamples {
  const random = new Random(target.seed);
  const times = scrapeTimes(target, base, random);
  const end =
    target.to < historySeconds
      ? Math.round((times.at(-1) ?? 0) + endMarker * target.interval * 1000)
      : undefined;
  const series = valuesOf(target, times, random).map(({ name, labels = {}, isNative = false, values }) => {
    const samples = values.flatMap((value, index): Sample[] =>
      value === undefined ? [] : [[times[index] ?? 0, value]],
    );
    const last = samples.at(-1);
    if (end !== undefined && last !== undefined && last[1] !== "stale") samples.push([end, "stale"]);
    return {
      labels: { __name__: name, job: target.job, instance: target.instance, ...labels },
      samples,
      isNative,
    };
  });
  const whole: TargetSamples = { target, times, series: series.filter(({ samples }) => samples.length > 0) };
  return target.down.reduce((left, { from, to }) => failing(left, base + from, base + to), whole);
}

function scrapeTimes({ interval, phase, from, to }: Target, base: number, random: Random): number[] {
  const times: number[] = [];
  for (let at = phase; at < historySeconds; at += interval)
    if (at >= from && at < to) times.push(Math.round((base + at) * 1000) + random.whole(0, 8));
  return times;
}

interface Values {
  name: string;
  labels?: Record<string, string>;
  isNative?: boolean;
  /** By scrape; undefined where the target does not show the series. */
  values: (string | undefined)[];
}

/** What the target shows, and what Prometheus writes about each scrape. */
function valuesOf({ seed }: Target, times: readonly number[], random: Random): Values[] {
  const each = (value: (index: number) => number | undefined) =>
    times.map((_, index) => value(index)).map((one) => (one === undefined ? undefined : String(one)));
  const resets = new Set(times.flatMap((_, index) => (random.chance(0.01) ? [index] : [])));
  const counter = (most: number) => {
    let value = random.whole(0, 1_000_000);
    return times.map((_, index) => {
      if (resets.has(index)) value = random.whole(0, most);
      else value += random.chance(0.1) ? 0 : random.whole(0, most);
      return value;
    });
  };
  // tied to nobody: a part of each value is its series' own; all sums of them are exact
  const own = (seed % 1023) / 1024;
  let level = random.whole(-50, 500);
  const observed = bounds.map(() => counter(40));
  const cumulative = observed.map((_, bucket) =>
    each((index) => total(observed.slice(0, bucket + 1), index)),
  );
  const some: Values[] = [
    { name: "up", values: each(() => 1) },
    {
      name: "scrape_duration_seconds",
      values: each(() => random.whole(1, random.chance(0.03) ? 9000 : 300) / 1000),
    },
    { name: "scrape_samples_scraped", values: each(() => 20) },
    ...["200", "500"].map((code) => ({
      name: "requests_total",
      labels: { code },
      values: counter(300).map(String),
    })),
    { name: "work_total", values: counter(7).map(String) },
    { name: "temperature", values: each(() => (level += random.whole(-8, 8)) + own) },
    { name: "queue", values: each(() => (random.chance(0.02) ? undefined : random.whole(0, 400) + own)) },
    ...bounds.map((le, bucket) => ({
      name: "latency_seconds_bucket",
      labels: { le },
      values: cumulative[bucket] ?? [],
    })),
    { name: "latency_seconds_count", values: cumulative.at(-1) ?? [] },
    { name: "latency_seconds_sum", values: each((index) => total(observed, index) / 4) },
    { name: "duration_seconds", isNative: true, values: counter(120).map(String) },
  ];
  for (let id = random.whole(0, 3); id > 0; id--) some.push(session(id, times.length, random));
  return some.map((one) => ({ ...one, values: withMarkers(one.values) }));
}

const total = (counters: readonly number[][], index: number): number =>
  counters.reduce((sum, values) => sum + (values[index] ?? 0), 0);

/** A series that comes and goes. */
function session(id: number, scrapes: number, random: Random): Values {
  const values: (string | undefined)[] = Array.from({ length: scrapes });
  for (let at = random.whole(0, scrapes); at < scrapes; at += random.whole(2, 60)) {
    const end = at + random.whole(1, 60);
    for (; at < Math.min(end, scrapes); at++) values[at] = String(random.whole(0, 100));
  }
  return { name: "session_bytes", labels: { id: String(id) }, values };
}

/** The first scrape in which a series is not there any more writes a stale marker. */
function withMarkers(values: readonly (string | undefined)[]): (string | undefined)[] {
  return values.map((value, index) => value ?? (values[index - 1] === undefined ? undefined : "stale"));
}

/** Series that Prometheus writes about a scrape, whether it was good or not. */
const aboutScrapes = new Set(["up", "scrape_duration_seconds", "scrape_samples_scraped"]);

/** The same where the target was not reached for a while: up = 0, and the first failed scrape ends all that the target shows. @param from s, as `to` */
export function failing(samples: TargetSamples, from: number, to: number): TargetSamples {
  const { times } = samples;
  const first = times.findIndex((time) => time >= from * 1000 && time < to * 1000);
  if (first < 0) return samples;
  const failed = new Set(times.filter((time) => time >= from * 1000 && time < to * 1000));
  const series = samples.series.map((one) => {
    const name = one.labels["__name__"] ?? "";
    const changed = one.samples.flatMap(([time, value]): Sample[] => {
      // stale markers of a target that has gone are between its scrapes
      if (!failed.has(time))
        return time < from * 1000 || time >= to * 1000 || aboutScrapes.has(name) ? [[time, value]] : [];
      if (!aboutScrapes.has(name)) return [];
      return [[time, name === "scrape_duration_seconds" ? "10.001" : "0"]];
    });
    const before = one.samples.findLast(([time]) => time < from * 1000);
    const wasThere = before !== undefined && before[1] !== "stale" && before[0] === times[first - 1];
    if (!aboutScrapes.has(name) && wasThere) {
      const at = changed.findIndex(([time]) => time > before[0]);
      changed.splice(at < 0 ? changed.length : at, 0, [times[first] ?? 0, "stale"]);
    }
    return { ...one, samples: changed };
  });
  return { ...samples, series };
}

/** Without everything between two times, s. */
export function without(samples: TargetSamples, from: number, to: number): TargetSamples {
  const isKept = (time: number) => time < from * 1000 || time >= to * 1000;
  return {
    ...samples,
    times: samples.times.filter(isKept),
    series: samples.series.map((one) => ({ ...one, samples: one.samples.filter(([time]) => isKept(time)) })),
  };
}

/** In the two forms that remote write has. */
export function written(all: readonly ScrapedSeries[]): {
  floats: WrittenSeries[];
  histograms: HistogramSeries[];
} {
  const series = all.filter(({ samples }) => samples.length > 0);
  return {
    floats: series.filter(({ isNative }) => !isNative),
    histograms: series
      .filter(({ isNative }) => isNative)
      .map(({ labels, samples }) => ({
        labels,
        samples: samples.map(([time, value]) => [time, value === "stale" ? value : Number(value)] as const),
      })),
  };
}
