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

it("as many shards as before change nothing", () => {
  expect(withShards(three, 3, 5000, 1000)).toEqual(three);
});

it("a shard that is taken away keeps its history, as long as samples are kept", () => {
  const two = withShards(three, 2, 5000, 1000);
  expect(two).toEqual({ owners: evenOwners(2), retired: { "2": 5000 }, moved: 5000, zoned: false });
  expect(withShards(two, 2, 5999, 1000)).toEqual(two);
  expect(withShards(two, 2, 6000, 1000)).toEqual({ owners: evenOwners(2), retired: {}, zoned: false });
});

it("a shard that comes back is none that was taken away", () => {
  const back = withShards(withShards(three, 2, 5000, 1000), 3, 5500, 1000);
  expect(back).toEqual({ owners: evenOwners(3), retired: {}, moved: 5500, zoned: false });
});
