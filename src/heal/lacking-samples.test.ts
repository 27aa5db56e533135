import * as fc from "fast-check";
import { expect, test } from "vitest";
import { guardOf, lackingSamples } from "./lacking-samples.ts";

const interval = 1000;
const range = { from: 0, to: 60_000 };
const guard = guardOf(interval, 0);
const scrapes = (phase: number, has: readonly boolean[], jitter = 0) =>
  has.flatMap((here, index) => (here ? [index * interval + phase + (index % 2) * jitter] : []));
const samples = (times: readonly number[]) => times.map((time) => ({ time }));
const lacking = (own: readonly number[], theirs: readonly number[], at = range) =>
  lackingSamples(own, samples(theirs), { range: at, interval, guard }).map(({ time }) => time);

const phase = fc.integer({ min: 0, max: 999 });
const pattern = fc.array(fc.boolean(), { minLength: 50, maxLength: 50 });
const all = Array.from({ length: 50 }, () => true);

test("two that scrape at moments of their own lack nothing", () => {
  fc.assert(
    fc.property(phase, phase, fc.integer({ min: 0, max: 80 }), (mine, theirs, jitter) => {
      const own = scrapes(mine, all, jitter);
      const edge = { from: own[0] ?? 0, to: own.at(-1) ?? 0 };
      expect(lacking(own, scrapes(theirs, all), edge)).toEqual([]);
    }),
  );
});

test("what is copied keeps away from what was there, and leaves no room for more", () => {
  fc.assert(
    fc.property(phase, phase, pattern, (mine, theirs, has) => {
      const own = scrapes(mine, has);
      const other = scrapes(theirs, all);
      const copied = lacking(own, other);
      for (const time of copied)
        for (const one of own) expect(Math.abs(time - one)).toBeGreaterThanOrEqual(guard);
      const merged = [...own, ...copied].toSorted((left, right) => left - right);
      expect(lacking(merged, other)).toEqual([]);
      const widest = Math.max(...merged.slice(1).map((time, index) => time - (merged[index] ?? 0)));
      expect(widest).toBeLessThanOrEqual(1.5 * interval);
    }),
  );
});

test("a single missed scrape is copied from one that scrapes half an interval later", () => {
  const own = scrapes(
    0,
    all.map((_, index) => index !== 7),
  );
  expect(lacking(own, scrapes(500, all), { from: 5000, to: 9000 })).toEqual([6500]);
});

test("copied in parts it is the same as at once", () => {
  fc.assert(
    fc.property(phase, phase, pattern, fc.integer({ min: 0, max: 49_000 }), (mine, theirs, has, cut) => {
      const own = scrapes(mine, has);
      const other = scrapes(theirs, all);
      const first = lacking(own, other, { from: 0, to: cut });
      const then = [...own, ...first].toSorted((left, right) => left - right);
      const rest = lacking(then, other, { from: cut + 1, to: range.to });
      expect([...first, ...rest]).toEqual(lacking(own, other));
    }),
  );
});

test("where scrapes are slow, more room is left", () => {
  expect(guardOf(interval, 200)).toBe(500);
  expect(guardOf(interval, 900)).toBeCloseTo(990);
});
