import { expect, test } from "vitest";
import { ReplicaScrapes } from "./replica-scrapes.ts";
import { ShardHoles } from "./shard-holes.ts";

const hour = 3_600_000;
const lookback = 300_000;
const start = 1_795_000_000_000 - (1_795_000_000_000 % hour);
const range = { from: start - 1, to: start + 12 * hour };

/** @param at hours after the start */
const scraped = (at: number, interval: number, hours = 0.5) =>
  Array.from(
    { length: (hours * hour) / interval },
    (_, index) => start + at * hour + index * interval + (index % 3),
  );

/** Times of good scrapes, and of failed ones. */
type Scrapes = readonly number[] | { good: readonly number[]; bad: readonly number[] };

/** What each of two replicas lacks of a target, whose scrapes are read at once. */
function holesOf(left: Scrapes, right: Scrapes): [number, number, number][][] {
  const [shard, all] = shardOf(left, right);
  return all.map((replica) => shard.of(replica).map(({ after, before, count }) => [after, before, count]));
}

function shardOf(left: Scrapes, right: Scrapes): [ShardHoles, ReplicaScrapes[]] {
  const replicas = [left, right].map((scrapes) => {
    const replica = new ReplicaScrapes();
    replica.setOldest(start);
    const { good, bad } = "good" in scrapes ? scrapes : { good: scrapes, bad: [] };
    return { replica, found: [{ key: "k", job: "j", instance: "i", times: [...good], bad: [...bad] }] };
  });
  const all = replicas.map(({ replica }) => replica);
  for (const { replica, found } of replicas)
    replica.add(
      found,
      range,
      0,
      all.filter((other) => other !== replica),
    );
  return [new ShardHoles(all, 0), all];
}

test("a single missed scrape is a hole, however often the target was scraped at other times", () => {
  const [slow, quick, later] = [scraped(0, 30_000, 2), scraped(2, 5000), scraped(4, 15_000, 3)];
  const whole = [...slow, ...quick, ...later];
  const lacking = [...slow, ...quick.toSpliced(100, 1), ...later.toSpliced(50, 1)];
  expect(holesOf(whole, lacking)).toEqual([
    [],
    [
      [quick[99], quick[101], 1],
      [later[49], later[51], 1],
    ],
  ]);
});

test("scrapes that come less often than before are no holes", () => {
  const whole = [...scraped(0, 5000), ...scraped(0.5, 15_000), ...scraped(1, 30_000)];
  expect(holesOf(whole, whole)).toEqual([[], []]);
});

test("a hole begins after the last scrape before it, whatever the interval is when the target is seen again", () => {
  const [quick, later] = [scraped(0, 5000), scraped(1, 30_000, 8)];
  expect(holesOf([...quick, ...later], [...quick.slice(0, 300), ...later])).toEqual([
    [],
    [[quick[299], later[0], 60]],
  ]);
});

test("who was away while nobody reached the target lacks that it was down", () => {
  const [good, bad] = [scraped(0, 15_000), scraped(0.5, 15_000)];
  expect(holesOf({ good, bad }, { good, bad: bad.toSpliced(20, 30) })).toEqual([
    [],
    [[bad[19], bad[50], 30]],
  ]);
});

test("a target that was never reached is looked at all the same", () => {
  const bad = scraped(0, 15_000);
  expect(holesOf({ good: [], bad }, { good: [], bad: bad.slice(0, 60) })).toEqual([
    [],
    [[bad[59], Infinity, 60]],
  ]);
});

test("away from the last good scrapes on until the target is reached again: one hole over both", () => {
  const [good, bad, again] = [scraped(0, 15_000), scraped(0.5, 15_000), scraped(1, 15_000)];
  const whole = { good: [...good, ...again], bad };
  const lacking = { good: [...good.slice(0, 100), ...again], bad: [] };
  expect(holesOf(whole, lacking)).toEqual([
    [],
    [
      [good[99], again[0], 20],
      [good[99], again[0], 140],
    ],
  ]);
});

test("who did not reach what the other one did lacks good scrapes, and nothing else", () => {
  const times = scraped(0, 15_000);
  const lacking = { good: times.toSpliced(20, 30), bad: times.slice(20, 50) };
  expect(holesOf(times, lacking)).toEqual([[], [[times[19], times[50], 30]]]);
});

/** What the second one lacks where the ends of both runs were asked for. */
function afterMarks(left: readonly number[], right: readonly number[], marks: readonly [boolean, boolean]) {
  const [shard, all] = shardOf(left, right);
  for (const [index, replica] of all.entries())
    for (const end of replica.unmarked(10, lookback)) replica.mark(end, marks[index] ?? false);
  return shard.of(all[1] as ReplicaScrapes);
}

test("who was away only when a target left lacks its stale marker", () => {
  const times = scraped(0, 15_000);
  const after = times.at(-1) ?? 0;
  expect(afterMarks(times, times, [true, false])).toEqual([
    {
      target: { job: "j", instance: "i" },
      markerOf: "k",
      after,
      before: Infinity,
      from: after + 1,
      to: expect.toSatisfy((to: number) => Math.abs(to - after - 3.3 * 15_000) < 50),
      count: 1,
      interval: expect.toSatisfy((interval: number) => Math.abs(interval - 15_000) < 10),
    },
  ]);
});

test("where both have the marker, or neither, nothing is lacking", () => {
  const times = scraped(0, 15_000);
  expect(afterMarks(times, times, [true, true])).toEqual([]);
  expect(afterMarks(times, times, [false, false])).toEqual([]);
});

test("a marker at another time is of another end", () => {
  const times = scraped(0, 15_000);
  const holes = afterMarks(times.slice(0, 50), times, [true, false]);
  expect(holes).toEqual([]);
});

test("an end that is asked for lies before the next run, and is asked for once", () => {
  const times = [...scraped(0, 15_000), ...scraped(1, 15_000)];
  const [, [replica]] = shardOf(times, []);
  const [newer, older] = replica?.unmarked(10, lookback) ?? [];
  expect([newer?.end, older?.end]).toEqual([times.at(-1), times[119]]);
  expect(Math.abs((older?.at ?? 0) - (times[119] ?? 0) - 3.3 * 15_000)).toBeLessThan(50);
  if (newer) replica?.mark(newer, true);
  expect(replica?.unmarked(10, lookback)).toEqual([older]);
});

test("of targets that are scraped so seldom that they are not seen for long anyway nothing is asked", () => {
  const [, [seldom]] = shardOf(scraped(0, 90_000, 2), []);
  expect(seldom?.unmarked(10, lookback)).toEqual([]);
});

test("a target that is seen again at once has not left", () => {
  const times = scraped(0, 15_000).toSpliced(60, 1);
  const [shard, all] = shardOf(times, times);
  for (const [index, replica] of all.entries())
    for (const end of replica.unmarked(10, lookback)) replica.mark(end, index === 0);
  expect(all.map((replica) => shard.of(replica).length)).toEqual([0, 1]);
  expect(shard.of(all[1] as ReplicaScrapes)[0]?.before).toBe(Infinity);
});

/** What each lacks, the second of which was read some ms less far than the first. */
function besideOneReadLess(left: Scrapes, right: Scrapes, less: number, goesOn = true) {
  const until = start + 30 * 60_000;
  const all = [left, right].map((scrapes, index) => {
    const replica = new ReplicaScrapes();
    replica.setOldest(start);
    const to = index === 0 ? until : until - less;
    const { good, bad } = "good" in scrapes ? scrapes : { good: scrapes, bad: [] };
    const upTo = (times: readonly number[]) => times.filter((time) => time <= to);
    replica.add(
      [{ key: "k", job: "j", instance: "i", times: upTo(good), bad: upTo(bad) }],
      { from: start - 1, to },
      0,
      [],
    );
    return replica;
  });
  const shard = new ShardHoles(all, 0, () => goesOn);
  return all.map((replica) => shard.of(replica).map(({ after, before, count }) => [after, before, count]));
}

test("who was away lacks what one that goes on has scraped since it was read last", () => {
  const times = scraped(0, 15_000);
  const away = times.toSpliced(-6, 3);
  expect(besideOneReadLess(away, times, 120_000, false)).toEqual([[], []]);
  expect(besideOneReadLess(away, times, 120_000)).toEqual([[[times.at(-7), times.at(-3), 3]], []]);
});

test("one that goes on has not scraped again what it had ceased to scrape", () => {
  const times = scraped(0, 15_000);
  expect(besideOneReadLess(times.slice(0, -6), times.slice(0, -20), 120_000)[0]).toEqual([]);
});

test("a scrape that is hardly due is not lacking beside one that goes on", () => {
  const times = scraped(0, 15_000);
  expect(besideOneReadLess(times, times, 120_000)).toEqual([[], []]);
  expect(besideOneReadLess(times.slice(0, -1), times, 120_000)).toEqual([[], []]);
});

test("of a target that nobody reaches any more at most one lacks something, for as long as the other one was not read", () => {
  const times = scraped(0, 15_000);
  for (const down of [1, 2, 3, 4, 5, 6, 7, 8])
    for (const less of [0, 1000, 15_000, 20_000, 40_000]) {
      const scrapes = { good: times.slice(0, -down), bad: times.slice(-down) };
      const [, second] = besideOneReadLess(scrapes, scrapes, less);
      expect(second).toEqual([]);
    }
});

test("of a target that is known to be down nobody lacks anything", () => {
  const times = scraped(0, 15_000);
  const scrapes = { good: times.slice(0, -4), bad: times.slice(-4) };
  for (const less of [0, 1000, 15_000, 30_000])
    expect(besideOneReadLess(scrapes, scrapes, less)).toEqual([[], []]);
});
