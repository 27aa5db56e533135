import { expect, test } from "vitest";
import { KnownReplica, byPreference } from "./known-replica.ts";

function replica(name: string, change: (one: KnownReplica) => void = () => {}): KnownReplica {
  const one = new KnownReplica("0", { name, server: name, url: "http://x", externalLabels: {} });
  one.recovered(0);
  change(one);
  return one;
}

const order = (...replicas: KnownReplica[]) => replicas.toSorted(byPreference).map(({ name }) => name);

test("well before unknown before ill, then least loaded, then fastest", () => {
  const ill = replica("ill", (one) => one.failed("x", 0));
  const unknown = new KnownReplica("0", {
    name: "unknown",
    server: "s",
    url: "http://x",
    externalLabels: {},
  });
  const busy = replica("busy", (one) => (one.inFlight = 3));
  const slow = replica("slow", (one) => one.answered(100));
  const fast = replica("fast", (one) => one.answered(10));
  expect(order(ill, unknown, busy, slow, fast)).toEqual(["fast", "slow", "busy", "unknown", "ill"]);
});

test("a little slower is no reason to change", () => {
  const first = replica("first", (one) => one.answered(30));
  expect(
    order(
      first,
      replica("second", (one) => one.answered(10)),
    ),
  ).toEqual(["first", "second"]);
});

test("is put aside for longer each time that it fails again, and not when it has succeeded between", () => {
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
  expect(pause(9e6)).toBe(30_000);
  one.succeeded();
  expect(pause(10e6)).toBe(250);
});

test("its recovery is news once, and its being well at the start is none", () => {
  const one = new KnownReplica("0", { name: "a", server: "s", url: "http://x", externalLabels: {} });
  expect(one.recovered(0)).toBe(false);
  expect(one.condition.state).toBe("well");
  one.failed("broken", 0);
  expect(one.recovered(1000)).toBe(true);
  expect(one.recovered(1001)).toBe(false);
});
