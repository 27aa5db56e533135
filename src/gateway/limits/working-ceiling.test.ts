import { expect, test } from "vitest";
import { WorkingCeiling } from "./working-ceiling.ts";

const at = { turn: 0, now: 0 };
const clock = { turn: () => at.turn, now: () => at.now };

/** A turn in which so many requests end, so many ms apart. */
function turnOf(ceiling: WorkingCeiling, requests: number, apart: number, limit = 64): void {
  at.turn++;
  for (let left = requests; left > 0; left--) {
    ceiling.over(left, limit);
    at.now += apart;
  }
}

test("what was declared holds while turns are short, however many end in one", () => {
  const ceiling = new WorkingCeiling(clock);
  for (let turn = 0; turn < 10; turn++) turnOf(ceiling, 64, 0.1);
  expect(ceiling.of(64)).toBe(64);
});

test("a long turn halves it once, and eight are always worked on", () => {
  const ceiling = new WorkingCeiling(clock);
  turnOf(ceiling, 64, 1);
  // the 26th was the first after 25 ms: 38 were left
  expect(ceiling.of(64)).toBe(19);
  for (let turn = 0; turn < 10; turn++) turnOf(ceiling, 30, 2);
  expect(ceiling.of(64)).toBeGreaterThanOrEqual(8);
  expect(ceiling.of(64)).toBeLessThan(16);
  expect(ceiling.of(5)).toBe(5);
});

test("it grows back to what was declared", () => {
  const ceiling = new WorkingCeiling(clock);
  for (let turn = 0; turn < 9; turn++) turnOf(ceiling, 64, 4);
  let turns = 0;
  while (ceiling.of(64) < 64 && turns < 100) {
    turnOf(ceiling, ceiling.of(64), 0.1);
    turns++;
  }
  expect(ceiling.of(64)).toBe(64);
  expect(turns).toBeLessThan(12);
});
