import { expect, test } from "vitest";
import { HedgeBudget } from "./hedge-budget.ts";

test("in the long run one in twenty requests may be made twice, and after a quiet time ten at once", () => {
  const budget = new HedgeBudget();
  let spent = 0;
  while (budget.spend()) spent++;
  expect(spent).toBe(10);
  for (let request = 0; request < 2000; request++) {
    budget.earn();
    if (budget.spend()) spent++;
  }
  expect(spent).toBeGreaterThanOrEqual(10 + 99);
  expect(spent).toBeLessThanOrEqual(10 + 100);
  for (let request = 0; request < 2000; request++) budget.earn();
  let saved = 0;
  while (budget.spend()) saved++;
  expect(saved).toBe(10);
});
