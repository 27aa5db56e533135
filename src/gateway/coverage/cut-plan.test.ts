import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { missedScrapes } from "../../coverage/missed-scrapes.ts";
import { joinRuns, runsOf } from "../../coverage/scrape-run.ts";
import type { ReadMatcher } from "../../remote-read/read-request.ts";
import { cutPlan } from "./cut-plan.ts";
import type { Covering, Hole } from "./hole.ts";

const start = 1_795_000_000_000;
const count = 24;

/** A target, and which of its scrapes each replica has. */
interface Scraped {
  job: string;
  instance: string;
  interval: number;
  times: readonly number[];
  /** By replica, by scrape. */
  has: readonly (readonly boolean[])[];
}

const at = (scraped: Scraped, replica: number) =>
  scraped.times.filter((_, index) => scraped.has[replica]?.[index]);

function holesOf(targets: readonly Scraped[], replica: number, replicas: number, allowed: number): Hole[] {
  return targets.flatMap((target) => {
    const runs = (one: number) => runsOf(at(target, one), target.interval, allowed);
    const others = Array.from({ length: replicas }, (_, other) => other)
      .filter((other) => other !== replica)
      .reduce<ReturnType<typeof runs>>((joined, other) => joinRuns(joined, runs(other), allowed), []);
    const { job, instance } = target;
    return missedScrapes(runs(replica), others, allowed, Infinity).map((missed) => ({
      ...missed,
      target: { job, instance },
    }));
  });
}

function coveringOf(targets: readonly Scraped[], replicas: number): Covering<number>[] {
  return Array.from({ length: replicas }, (_, replica) => ({
    replica,
    holes: holesOf(targets, replica, replicas, 0),
  }));
}

function matches({ op, name, value }: ReadMatcher, target: Scraped): boolean {
  const own = name === "job" ? target.job : target.instance;
  const isEqual = op.endsWith("~") ? new RegExp(`^(?:${value})$`, "u").test(own) : own === value;
  return op.startsWith("!") ? !isEqual : isEqual;
}

/** What the pieces give of a target, in their order. */
function read(
  pieces: ReturnType<typeof cutPlan<number>>["pieces"],
  target: Scraped,
): { time: number; replica: number }[] {
  return pieces
    .filter(({ matchers }) => matchers.every((matcher) => matches(matcher, target)))
    .toSorted((left, right) => left.from - right.from)
    .flatMap(({ replica, from, to }) =>
      at(target, replica)
        .filter((time) => time >= from && time <= to)
        .map((time) => ({ time, replica })),
    );
}

/** Targets of two jobs with intervals of their own; every scrape is on one replica at least. */
const fleets = (replicas: number, scrapes: fc.Arbitrary<readonly boolean[]>) =>
  fc.array(
    fc
      .record({
        job: fc.constantFrom("a", "b.c", "d|e"),
        instance: fc.constantFrom("1", "2", "3", "4:80", "(5"),
        interval: fc.constantFrom(5000, 15_000),
        phase: fc.nat(4999),
        jitter: fc.nat(60),
        has: fc.array(fc.tuple(...Array.from({ length: replicas }, () => fc.boolean())), {
          minLength: count,
          maxLength: count,
        }),
        keep: scrapes,
      })
      .map(({ job, instance, interval, phase, jitter, has, keep }): Scraped => ({
        job,
        instance,
        interval,
        times: has.map((_, index) => start + phase + index * interval + (index % 3) * jitter),
        has: Array.from({ length: replicas }, (_, replica) =>
          has.map((one, index) => keep[index] === true || one[replica] === true || !one.some(Boolean)),
        ),
      })),
    { minLength: 1, maxLength: 6 },
  );

/** Most scrapes are on all replicas. */
const mostly = fc.array(
  fc.nat(9).map((value) => value > 1),
  { minLength: count, maxLength: count },
);

const distinct = (targets: readonly Scraped[]) =>
  targets.filter(
    (target, index) =>
      targets.findIndex((one) => one.job === target.job && one.instance === target.instance) === index,
  );

describe.each([2, 3])("with %i replicas", (replicas) => {
  test("the pieces together are all that any of them has, each scrape once and in order", () => {
    fc.assert(
      fc.property(fleets(replicas, mostly), fc.nat(120_000), fc.nat(240_000), (fleet, offset, length) => {
        const targets = distinct(fleet);
        const [from, to] = [start + offset, start + offset + length];
        const { pieces, lacking } = cutPlan(coveringOf(targets, replicas), from, to);
        // of three, what two of them lack at times of their own can look as if all did
        expect(replicas === 2 ? lacking : []).toEqual([]);
        for (const target of targets) {
          const expected = target.times.filter((time) => time >= from && time <= to);
          expect(read(pieces, target).map(({ time }) => time)).toEqual(expected);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

test("a range without holes is read from the first replica, as it is", () => {
  const { pieces } = cutPlan(
    [
      { replica: 7, holes: [] },
      { replica: 8, holes: [] },
    ],
    1000,
    2000,
  );
  expect(pieces).toEqual([{ replica: 7, from: 1000, to: 2000, matchers: [] }]);
});

const away = (time: number) => time > start + 200_000 && time < start + 300_000;
const odd = (index: number) => Math.floor(index / 3) % 2 === 1;

/** 200 targets of one job at moments of their own, all on both replicas but while the first was away. */
function outage(replicas: number): Scraped[] {
  return Array.from({ length: 200 }, (_, index) => {
    const times = Array.from(
      { length: 40 },
      (__, scrape) => start + ((index * 37) % 15_000) + scrape * 15_000,
    );
    return {
      job: "j",
      instance: String(index),
      interval: 15_000,
      times,
      has: Array.from({ length: replicas }, (__, replica) => times.map((time) => replica > 0 || !away(time))),
    };
  });
}

test("when a server was away, two cuts are enough for all its targets", () => {
  const targets = outage(2);
  const { pieces } = cutPlan(coveringOf(targets, 2), start, start + 700_000);
  expect(pieces.map(({ replica, matchers }) => [replica, matchers.length])).toEqual([
    [0, 0],
    [1, 0],
  ]);
  for (const target of targets) expect(read(pieces, target).map(({ time }) => time)).toEqual(target.times);
});

test("what only a replica has that can not be asked is told", () => {
  const [alone] = coveringOf(outage(2), 2);
  const { pieces, lacking } = cutPlan(alone ? [alone] : [], start, start + 700_000);
  expect(pieces).toEqual([{ replica: 0, from: start, to: start + 700_000, matchers: [] }]);
  expect(lacking).toHaveLength(200);
  expect(lacking[0]).toMatchObject({ job: "j" });
});

test("from where nothing is known of a replica, the other one is read", () => {
  const all: Hole = {
    target: "all",
    after: start + 5000,
    before: Infinity,
    from: start + 5001,
    to: Infinity,
    count: Infinity,
    interval: 0,
  };
  const { pieces } = cutPlan(
    [
      { replica: 0, holes: [all] },
      { replica: 1, holes: [] },
    ],
    start,
    start + 9000,
  );
  expect(pieces.map(({ replica, from, to }) => [replica, from - start, to - start])).toEqual([
    [0, 0, 5000],
    [1, 5001, 9000],
  ]);
});

test("more holes than there may be pieces are told, the smallest of them", () => {
  const long = 2000;
  const times = Array.from({ length: long }, (_, scrape) => start + scrape * 15_000);
  // two targets that are never whole on the same replica
  const targets: Scraped[] = [0, 1].map((which) => ({
    job: "j",
    instance: String(which),
    interval: 15_000,
    times,
    has: [0, 1].map((replica) => times.map((_, index) => odd(index) === (which === replica))),
  }));
  const { pieces, lacking } = cutPlan(coveringOf(targets, 2), start, times.at(-1) ?? 0);
  expect(pieces.length).toBeLessThanOrEqual(256);
  expect(lacking.length).toBeGreaterThan(0);
});
