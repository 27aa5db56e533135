import { expect, test } from "vitest";
import { KnownReplica, byPreference } from "./known-replica.ts";

function replica(name: string, change: (one: KnownReplica) => void = () => {}): KnownReplica {
  const one = new KnownReplica("0", { name, server: name, url: "http://x", externalLabels: {} });
  one.recovered(0);
  change(one);
  return one;
}

/** ms, long after everything that is told to a replica here. */
const now = 1e9;
const order = (...replicas: KnownReplica[]) =>
  replicas.toSorted((left, right) => byPreference(left, right, now)).map(({ name }) => name);

test("well before stale before doubted before unknown before ill, then least loaded, then fastest", () => {
  const ill = replica("ill", (one) => one.failed("x", 0));
  const unknown = new KnownReplica("0", {
    name: "unknown",
    server: "s",
    url: "http://x",
    externalLabels: {},
  });
  const busy = replica("busy", (one) => (one.inFlight = 3));
  const doubted = replica("doubted", (one) => (one.doubted = true));
  const stale = replica("stale", (one) => (one.staleConfig = true));
  const slow = replica("slow", (one) => one.answered("query", 100, 0));
  const fast = replica("fast", (one) => one.answered("query", 10, 0));
  const best = ["fast", "slow", "busy", "stale", "doubted", "unknown", "ill"];
  expect(order(ill, unknown, doubted, stale, busy, slow, fast)).toEqual(best);
});

test("a little slower is no reason to change", () => {
  const first = replica("first", (one) => one.answered("query", 30, 0));
  expect(
    order(
      first,
      replica("second", (one) => one.answered("query", 10, 0)),
    ),
  ).toEqual(["first", "second"]);
});

test("is put aside for longer each time that it fails again, and not when it has succeeded for some time between", () => {
  const one = replica("one");
  const pause = (at: number): number => {
    expect(one.failed("broken", at)).toBe(true);
    // a second request that fails says nothing new
    expect(one.failed("broken too", at + 1)).toBe(false);
    let now = at;
    while (!one.recovered(now)) now += 50;
    return now - at;
  };
  expect(pause(1000)).toBe(250);
  expect(pause(10_000)).toBe(500);
  expect(pause(20_000)).toBe(1000);
  for (let times = 0; times < 20; times++) pause(1e6 + times * 1e5);
  expect(pause(9e6)).toBe(10_000);
  one.succeeded(9e6 + 11_000);
  expect(pause(9.5e6)).toBe(10_000);
  one.succeeded(9.6e6);
  expect(pause(10e6)).toBe(250);
  one.succeeded(11e6);
  expect(one.failed("broken in the middle", 12e6, true)).toBe(true);
  expect([one.recovered(12e6 + 999), one.recovered(12e6 + 1000)]).toEqual([false, true]);
});

test("its recovery is news once, and its being well at the start is none", () => {
  const one = new KnownReplica("0", { name: "a", server: "s", url: "http://x", externalLabels: {} });
  expect(one.recovered(0)).toBe(false);
  expect(one.condition.state).toBe("well");
  one.failed("broken", 0);
  expect(one.recovered(1000)).toBe(true);
  expect(one.recovered(1001)).toBe(false);
});

/** Was away for so many ms from the moment 1000 on. */
const back = (afterMs: number) =>
  replica("back", (one) => {
    one.failed("broken", 1000);
    one.recovered(1000 + afterMs);
  });
const busy = (inFlight: number) => replica("busy", (one) => (one.inFlight = inFlight));
const first = (one: KnownReplica, other: KnownReplica, at: number) =>
  [other, one].toSorted((left, right) => byPreference(left, right, at))[0]?.name;

test("one that was away for long takes load again little by little, one that was away for a moment at once", () => {
  expect(first(back(2000), busy(1), 3000)).toBe("back");
  // a tenth of the load at first, half of it in the middle, all of it after 5 s
  expect(first(back(4000), busy(8), 5000)).toBe("busy");
  expect(first(back(4000), busy(11), 5000)).toBe("back");
  expect(first(back(4000), busy(0), 7500)).toBe("busy");
  expect(first(back(4000), busy(2), 7500)).toBe("back");
  expect(first(back(4000), busy(1), 10_000)).toBe("back");
});

test("an answer is late after the time that 95 in a hundred of its kind take, but no sooner than 50 ms", () => {
  const one = replica("one");
  expect(one.lateAfterMs("query")).toBe(150);
  for (let count = 0; count < 100; count++) one.answered("query", 1 + (count % 10), 0);
  expect(one.lateAfterMs("query")).toBe(50);
  for (let count = 0; count < 500; count++) one.answered("read", 200 + (count % 100), 0);
  expect(one.lateAfterMs("read")).toBeGreaterThan(280);
  expect(one.lateAfterMs("read")).toBeLessThan(320);
  expect(one.lateAfterMs("query")).toBe(50);
});

test("one that is put aside for long responds from its first good probe on, until it fails again", () => {
  const one = replica("one");
  one.recovered(0);
  one.failed("broken", 1000, true);
  expect([one.condition.state, one.respondsSince]).toEqual(["ill", undefined]);
  one.recovered(1100);
  expect([one.condition.state, one.isWell]).toEqual(["ill", false]);
  expect(one.respondsSince).toBeTypeOf("number");
  one.failed("broken again", 1200);
  expect(one.respondsSince).toBeUndefined();
});
