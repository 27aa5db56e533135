import * as fc from "fast-check";
import { expect, test } from "vitest";
import { missedScrapes } from "./missed-scrapes.ts";
import { joinRuns, likelyInterval, runsOf, runsSince } from "./scrape-run.ts";

const start = 1_795_000_000_000;
const interval = 15_000;
const scrape = (index: number, phase = 0) => start + index * interval + phase;

/** 40 scrapes, without some. */
const times = (missed: (index: number) => boolean, phase = 0) =>
  Array.from({ length: 40 }, (_, index) => index)
    .filter((index) => !missed(index))
    .map((index) => scrape(index, phase));

const shape = (all: readonly { from: number; to: number }[]) => all.map(({ from, to }) => [from, to]);
const inTheMiddle = (index: number) => index > 10 && index < 20;
const runs = (list: readonly number[], allowed = 0) => runsOf(list, interval, allowed);

test("a single missed scrape is missed, with the scrapes around it", () => {
  const missed = missedScrapes(runs(times((index) => index === 7)), runs(times(() => false)), 0, scrape(40));
  expect(missed).toEqual([
    expect.objectContaining({ after: scrape(6), before: scrape(8), count: 1, interval }),
  ]);
  expect(missed[0]?.from).toBeLessThan(scrape(7));
  expect(missed[0]?.to).toBeGreaterThan(scrape(7));
});

test("what is allowed is not missed", () => {
  const own = times((index) => index === 7 || index === 8 || (index > 20 && index < 24));
  const missed = missedScrapes(
    runs(own, 2),
    runs(
      times(() => false),
      2,
    ),
    2,
    scrape(40),
  );
  expect(missed).toEqual([expect.objectContaining({ after: scrape(20), before: scrape(24), count: 3 })]);
});

test("what the other one has missed as well is not missed", () => {
  const missed = missedScrapes(runs(times(inTheMiddle)), runs(times(inTheMiddle, 4000)), 0, scrape(40));
  expect(missed).toEqual([]);
});

test("two replicas that scrape at moments of their own miss nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -13_000, max: 13_000 }),
      fc.integer({ min: 0, max: 400 }),
      (phase, jitter) => {
        const shifted = times(() => false, phase).map((time, index) => time + (index % 2) * jitter);
        const missed = missedScrapes(
          runs(times(() => false)),
          runs(shifted),
          0,
          Math.min(scrape(39), shifted.at(-1) ?? 0),
        );
        expect(missed).toEqual([]);
      },
    ),
  );
});

test("a target that the replica never had, had later, and has no more", () => {
  const other = runs(times(() => false));
  const never = missedScrapes([], other, 0, scrape(40));
  expect(never).toEqual([
    { after: -Infinity, before: Infinity, from: scrape(0), to: scrape(39), count: 40, interval },
  ]);
  const later = missedScrapes(runs(times((index) => index < 5)), other, 0, scrape(40));
  expect(later).toEqual([expect.objectContaining({ after: -Infinity, before: scrape(5), count: 5 })]);
  const before = missedScrapes(runs(times((index) => index > 30)), other, 0, scrape(40));
  expect(before).toEqual([expect.objectContaining({ after: scrape(30), before: Infinity, count: 9 })]);
});

test("what comes after the time up to which it is known is not missed", () => {
  const own = runs(times((index) => index > 30));
  expect(missedScrapes(own, runs(times(() => false)), 0, scrape(30) + 9000)).toEqual([]);
});

test("each scrape that only another one has lies in what is missed, and nothing is missed without one", () => {
  const pattern = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(pattern, pattern, fc.integer({ min: 0, max: 200 }), (mine, theirs, jitter) => {
      const at = (index: number) => scrape(index) + (index % 3) * jitter;
      const list = (has: readonly boolean[]) => has.flatMap((has, index) => (has ? [at(index)] : []));
      const missed = missedScrapes(runs(list(mine)), runs(list(theirs)), 0, scrape(41));
      const holes = missed.map(({ after, before, from, to }) => ({
        after,
        before,
        scrapes: list(theirs).filter((time) => time >= from && time <= to),
      }));
      const found = holes.flatMap(({ scrapes }) => scrapes);
      const lacking = theirs.flatMap((has, index) => (has && !mine[index] ? [at(index)] : []));
      expect(found).toEqual(lacking);
      for (const { after, before, scrapes } of holes) {
        expect(scrapes.every((time) => time > after && time < before)).toBe(true);
        expect(list(mine).every((time) => time <= after || time >= before)).toBe(true);
      }
    }),
  );
});

test("pieces of a history joined in any order are the whole", () => {
  const pattern = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(
      pattern,
      fc.integer({ min: 1, max: 39 }),
      fc.integer({ min: 0, max: 5 }),
      (has, cut, overlap) => {
        const list = has.flatMap((here, index) => (here ? [scrape(index)] : []));
        const older = list.filter((time) => time < scrape(cut + overlap));
        const newer = list.filter((time) => time >= scrape(cut));
        const whole = shape(runsOf(list, interval, 0));
        expect(shape(joinRuns(runs(newer), runs(older), 0))).toEqual(whole);
        expect(shape(joinRuns(runs(older), runs(newer), 0))).toEqual(whole);
      },
    ),
  );
});

test("what is older than a time is forgotten", () => {
  const all = runs(times((index) => index === 10));
  expect(runsSince(all, scrape(12)).map(({ from, to }) => [from, to])).toEqual([[scrape(12), scrape(39)]]);
  expect(runsSince(all, scrape(40))).toEqual([]);
});

test("one who misses every other scrape is not whole, where a partner shows the interval", () => {
  const every = times((index) => index % 2 === 1);
  expect(likelyInterval(every, 0, interval)).toBe(2 * interval);
  expect(likelyInterval(every, interval, 0)).toBe(interval);
  expect(runs(every)).toHaveLength(20);
});

test("a server that was held up scrapes twice in a row, which is no other interval", () => {
  const twice = [scrape(0), scrape(1) - 300, scrape(1)];
  expect(likelyInterval(twice, 0, interval)).toBe(interval);
  expect(likelyInterval(twice, interval, 0)).toBe(interval);
});

test("two scrapes with an outage between them are not whole, where the interval was known before", () => {
  const two = [scrape(0), scrape(30)];
  expect(likelyInterval(two, 0, 0)).toBe(30 * interval);
  expect(likelyInterval(two, 0, interval)).toBe(interval);
  expect(likelyInterval([...two, scrape(31)], 0, 0)).toBe(interval);
  expect(likelyInterval([], 0, 0)).toBe(0);
});
