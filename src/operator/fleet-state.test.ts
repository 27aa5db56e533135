import { expect, it } from "vitest";
import { evenOwners } from "../plan/slots.ts";
import { type FleetState, parseState, printState, withShards } from "./fleet-state.ts";

const state: FleetState = {
  owners: evenOwners(3),
  retired: { "3": 1000 },
  moved: 1000,
  zoned: true,
  accepted: "{}",
};

it("is read as it was written, in few bytes", () => {
  const text = printState(state);
  expect(parseState(text)).toEqual(state);
  expect(text.length).toBeLessThan(200);
});

it.each(["", "{}", "[]", printState({ ...state, owners: ["0", "1"] })])("%s is no state", (text) => {
  expect(parseState(text)).toBeUndefined();
});

const three: FleetState = { owners: evenOwners(3), retired: {}, zoned: false };

const after = (before: FleetState, shards: number, now: number, hasServed = true) =>
  withShards(before, { shards, now, retention: 1000, hasServed: () => hasServed });

it("as many shards as before change nothing", () => {
  expect(after(three, 3, 5000)).toEqual(three);
});

it("a shard that is taken away keeps its history, as long as samples are kept", () => {
  const two = after(three, 2, 5000);
  expect(two).toEqual({ owners: evenOwners(2), retired: { "2": 5000 }, moved: 5000, zoned: false });
  expect(after(two, 2, 5999)).toEqual(two);
  expect(after(two, 2, 6000)).toEqual({ owners: evenOwners(2), retired: {}, zoned: false });
});

it("a shard that never ran has no history", () => {
  expect(after(three, 2, 5000, false)).toEqual({
    owners: evenOwners(2),
    retired: {},
    moved: 5000,
    zoned: false,
  });
});

it("a shard that comes back is none that was taken away", () => {
  const back = after(after(three, 2, 5000), 3, 5500);
  expect(back).toEqual({ owners: evenOwners(3), retired: {}, moved: 5500, zoned: false });
});
