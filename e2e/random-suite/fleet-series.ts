import type { Sample, ScrapedSeries } from "../histories/target-samples.ts";
import { Random } from "../harness/random.ts";
import { shardOf } from "./shard-of.ts";
import {
  type ValueMaker,
  type Values,
  always,
  comingAndGoing,
  counter,
  cumulativeBuckets,
  gauge,
  observations,
  odd,
  overflowing,
  signed,
  sized,
  tied,
} from "./value-makers.ts";

/** When the samples begin, s since 1970, on the hour, and how long there are some, s. */
export const beginning = 1_794_160_800;
export const seconds = 2400;

const interval = 15;
const jobs = ["api", "db", "edge"] as const;
const targets = 12;
/** Of each shard, at least. */
const fewest = 2;
const bounds = ["0.1", "0.5", "1", "5", "+Inf"] as const;

/** What a text in JSON, a regular expression or PromQL may end at too early. */
const awkwardTexts = [
  '},"',
  '"',
  "\\",
  "{}",
  'a,b="c"',
  "日本語",
  "🦉",
  "two\nlines",
  '},"value":[1,"2"]}',
  ']},{"metric":{"__name__":"x"},"values":[[1,"1"]]',
  "]]}",
  "$name [a-z]+ (.*)",
] as const;

/** Whether the servers know names that are no identifiers, and native histograms: version 3. */
export interface Knowing {
  utf8Names: boolean;
  nativeHistograms: boolean;
}

/** All series of a fleet: the same for the same seed. Each is on one shard alone. */
export function fleetSeries(seed: number, knowing: Knowing): ScrapedSeries[] {
  const random = new Random(seed);
  const made = new Series(random);
  for (const [at, instance] of instances(random).entries()) {
    const job = jobs[at % jobs.length] ?? "api";
    ofTarget(made, { job, instance }, at, knowing);
  }
  ofNoTarget(made);
  return made.all;
}

/** Hosts by which each shard has some. */
function instances(random: Random): string[] {
  for (;;) {
    const hosts = random.some(
      Array.from({ length: 90 }, (_, host) => host + 10),
      1,
    );
    while (hosts.length < targets) {
      const host = random.whole(10, 99);
      if (!hosts.includes(host)) hosts.push(host);
    }
    const named = hosts.map((host, at) => (at === 4 ? `hôst-${host}:9100` : `host-${host}:9100`));
    const counts = new Map<string, number>();
    for (const instance of named) {
      const shard = shardOf({ instance });
      counts.set(shard, (counts.get(shard) ?? 0) + 1);
    }
    if (counts.size === 3 && Math.min(...counts.values()) >= fewest) return named;
  }
}

function ofTarget(
  made: Series,
  target: { job: string; instance: string },
  at: number,
  { utf8Names, nativeHistograms }: Knowing,
): void {
  const times = made.times();
  const add = (name: string, maker: ValueMaker, labels: Record<string, string> = {}) =>
    made.add({ __name__: name, ...target, ...labels }, times, maker);
  add("up", always("1"));
  for (const code of ["200", "404", "500"])
    add("requests_total", code === "404" ? comingAndGoing(counter(20)) : counter(300), { code });
  add("work_total", counter(7));
  add("temperature", gauge, { zone: at % 2 === 0 ? "inner" : "outer" });
  add("balance", signed);
  add("queue", comingAndGoing(gauge));
  add("odd_values", odd);
  add("tied", tied, { kind: at % 4 === 0 ? "few" : "many" });
  add("build_info", always("1"), { version: `1.${at % 4}` });
  if (at % 2 === 0) add("tiny", sized(1e-9));
  if (at % 2 === 1) add("huge", sized(1e300));
  if (at % 3 === 0) add("overflowing", overflowing);
  if (at % 3 !== 0) add("session_bytes", comingAndGoing(gauge), { id: String(at) });
  if (at % 4 === 0) add("ALERTS", comingAndGoing(always("1")), { alertname: "Slow", alertstate: "firing" });
  if (at % 2 === 0) made.addHistogram("latency_seconds", target, times);
  if (utf8Names && at % 2 === 1) {
    add("näme.ü", gauge, { "läbel.x": `wert ${at % 3}` });
    add("a b/total", counter(50), { "läbel.x": 'y"' });
  }
  if (!nativeHistograms) return;
  made.addNative({ __name__: "duration_seconds", ...target }, times, observations);
  // some show floats, some histograms, and one has gone from the one to the other
  const mixed = { __name__: "mixed_seconds", ...target };
  if (at % 4 === 3) {
    const half = Math.floor(times.length / 2);
    made.add(mixed, times.slice(0, half), gauge);
    made.addNative(mixed, times.slice(half), observations);
  } else if (at % 4 !== 2) {
    made.add(mixed, times, gauge);
  } else {
    made.addNative(mixed, times, observations);
  }
}

/** Metrics of which a target's address does not say where they are. */
export const metricsOfNoTarget: ReadonlySet<string> = new Set([
  ..."alone alone_again alone_total texts region_info job:work:rate only_early".split(" "),
  ..."shared_seconds_bucket shared_seconds_count shared_seconds_sum".split(" "),
]);

/** Series that a rule or a push may have made. */
function ofNoTarget(made: Series): void {
  const times = made.times();
  made.add({ __name__: "alone" }, times, gauge);
  made.add({ __name__: "alone_again" }, times, comingAndGoing(gauge));
  made.add({ __name__: "alone_total" }, times, counter(100));
  for (const [at, text] of awkwardTexts.entries())
    made.add({ __name__: "texts", text, number: String(at % 3) }, times, at % 4 === 0 ? tied : gauge);
  for (const job of jobs)
    made.add({ __name__: "region_info", job, region: `region-${job.length}` }, times, always("1"));
  // what an aggregation of a rule has written has no instance: its buckets are anywhere
  for (const job of jobs.slice(0, 2)) made.addHistogram("shared_seconds", { job }, times);
  for (const job of jobs) made.add({ __name__: "job:work:rate", job }, times, gauge);
  made.add({ __name__: "only_early" }, times.slice(0, 20), gauge);
}

class Series {
  readonly all: ScrapedSeries[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Of the scrapes of a target, ms since 1970. */
  times(): number[] {
    const phase = this.#random.whole(0, interval * 1000 - 100);
    const count = Math.floor(seconds / interval);
    return Array.from(
      { length: count },
      (_, scrape) => beginning * 1000 + phase + scrape * interval * 1000 + this.#random.whole(0, 8),
    );
  }

  add(labels: Record<string, string>, times: readonly number[], maker: ValueMaker): void {
    this.#push(labels, times, maker(times.length, this.#random), false);
  }

  addNative(labels: Record<string, string>, times: readonly number[], maker: ValueMaker): void {
    this.#push(labels, times, maker(times.length, this.#random), true);
  }

  addHistogram(name: string, labels: Record<string, string>, times: readonly number[]): void {
    const buckets = cumulativeBuckets(bounds.length, times.length, this.#random);
    for (const [bucket, le] of bounds.entries())
      this.#push({ __name__: `${name}_bucket`, ...labels, le }, times, buckets[bucket] ?? [], false);
    this.#push({ __name__: `${name}_count`, ...labels }, times, buckets.at(-1) ?? [], false);
    this.add({ __name__: `${name}_sum`, ...labels }, times, counter(40));
  }

  #push(labels: Record<string, string>, times: readonly number[], values: Values, isNative: boolean): void {
    const samples = times.flatMap((time, at): Sample[] => {
      const value = values[at];
      if (value !== undefined) return [[time, value]];
      // the first scrape in which a series is not there any more writes a stale marker
      return values[at - 1] === undefined ? [] : [[time, "stale"]];
    });
    if (samples.length > 0) this.all.push({ labels, samples, isNative });
  }
}
