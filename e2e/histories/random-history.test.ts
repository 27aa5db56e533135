import { expect, test } from "vitest";
import { type History, type ReplicaName, shardCount } from "./history.ts";
import { randomHistory } from "./random-history.ts";
import { allSamples, replicaSamples } from "./replica-samples.ts";
import type { ScrapedSeries, TargetSamples } from "./target-samples.ts";

const base = 1_794_160_800;
const histories = Array.from({ length: 8 }, (_, seed) => randomHistory(seed));

/** What a server has, by series and time. */
function samplesOf(all: readonly TargetSamples[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { labels, samples } of all.flatMap(({ series }) => series)) {
    const name = JSON.stringify(labels);
    for (const [time, value] of samples) found.set(`${name} ${time}`, value);
  }
  return found;
}

function serversOf(history: History): { reference: Map<string, string>; pairs: Map<string, string>[][] } {
  const all = allSamples(history, base);
  const replica = (shard: number, name: ReplicaName) =>
    samplesOf(replicaSamples(all, history, base, String(shard), name));
  const pairs = Array.from({ length: shardCount }, (_, shard) => [replica(shard, "a"), replica(shard, "b")]);
  return { reference: samplesOf(all), pairs };
}

test("a seed gives the same history again, another one another", () => {
  expect(randomHistory(7)).toEqual(histories[7]);
  expect(randomHistory(7)).not.toEqual(histories[8]);
});

test("every sample of the reference is on a replica, and on one shard only", () => {
  for (const history of histories) {
    const { reference, pairs } = serversOf(history);
    const holders = (key: string, value: string) =>
      pairs.filter((pair) => pair.some((one) => one.get(key) === value));
    expect([...reference].filter(([key, value]) => holders(key, value).length !== 1)).toEqual([]);
  }
});

test("each replica lacks something, and what it has instead are failed scrapes and stale markers", () => {
  let lacking = 0;
  const own = new Set<string>();
  for (const history of histories) {
    const { reference, pairs } = serversOf(history);
    for (const [key, value] of pairs.flat().flatMap((one) => [...one]))
      if (reference.get(key) !== value) own.add(value);
    const held = pairs.flat().reduce((sum, one) => sum + one.size, 0);
    lacking += 2 * reference.size - held;
  }
  expect([...own].toSorted()).toEqual(["0", "10.001", "stale"]);
  expect(lacking).toBeGreaterThan(10_000);
});

test("histories have every kind of anomaly, stale markers, resets, and targets that come and go", () => {
  const kinds = new Set(histories.flatMap(({ anomalies }) => anomalies.map(({ kind }) => kind)));
  expect([...kinds].toSorted()).toEqual(["away", "failed", "missed", "restart", "slow", "unseen"]);
  const [first] = histories;
  const series = allSamples(first ?? { targets: [], anomalies: [] }, base).flatMap((one) => one.series);
  expect(series.some(({ samples }) => samples.some(([, value]) => value === "stale"))).toBe(true);
  expect(series.some(({ isNative }) => isNative)).toBe(true);
  const falls = series
    .filter(({ labels }) => labels["__name__"] === "work_total")
    .filter(({ samples }) =>
      samples.some(([, value], index) => Number(value) < Number(samples[index - 1]?.[1] ?? 0)),
    );
  expect(falls.length).toBeGreaterThan(0);
  const moved = histories.filter(({ targets }) => targets.some(({ from, to }) => from > 0 || to < 2400));
  expect(moved.length).toBeGreaterThan(5);
});

const isOrdered = ({ samples }: ScrapedSeries): boolean =>
  samples.every(([time], index) => time > (samples[index - 1]?.[0] ?? 0));

test("samples of a series are in order of time", () => {
  for (const history of histories) {
    const all = allSamples(history, base);
    const replica = replicaSamples(all, history, base, "0", "a");
    const series = [...all, ...replica].flatMap((one) => one.series);
    expect(series.filter((one) => !isOrdered(one))).toEqual([]);
  }
});

test("a history lies elsewhere in time as it lay", () => {
  const [history = { targets: [], anomalies: [] }] = histories;
  const shifted = (from: number) =>
    allSamples(history, from).map(({ series }) =>
      series.map(({ samples }) => samples.map(([time, value]) => [time - from * 1000, value])),
    );
  expect(shifted(base + 7200)).toEqual(shifted(base));
});
