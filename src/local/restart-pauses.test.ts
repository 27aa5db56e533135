import { expect, test } from "vitest";
import { RestartPauses } from "./restart-pauses.ts";

test("the first restart is at once, the others after pauses that double up to half a minute", () => {
  const pauses = new RestartPauses();
  const waits = Array.from({ length: 10 }, () => pauses.next(1000));
  expect(waits).toEqual([0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("who has lived for a minute is started at once again", () => {
  const pauses = new RestartPauses();
  for (let death = 0; death < 5; death++) pauses.next(0);
  expect(pauses.next(60_000)).toBe(0);
  expect(pauses.failures).toBe(1);
  expect(pauses.next(59_999)).toBe(250);
});
