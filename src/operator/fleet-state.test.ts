import { expect, it } from "vitest";
import { evenOwners } from "../plan/slots.ts";
import { type FleetState, parseState, printState } from "./fleet-state.ts";

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
