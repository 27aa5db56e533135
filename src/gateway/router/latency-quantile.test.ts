import { expect, test } from "vitest";
import { LatencyQuantile } from "./latency-quantile.ts";

/** Numbers between 0 and 1 that are the same in every run. */
function* numbers(): Generator<number, never, undefined> {
  for (let state = 1; ; state = (state * 48_271) % 0x7fff_ffff) yield state / 0x7fff_ffff;
}

/** Mean of the part of values below the estimate, over the second half of so many values. */
function partBelow(quantile: LatencyQuantile, count: number, value: (random: number) => number): number {
  const random = numbers();
  let below = 0;
  for (let at = 0; at < count; at++) {
    const next = value(random.next().value);
    if (at >= count / 2 && next <= (quantile.ms ?? 0)) below++;
    quantile.add(next);
  }
  return below / (count / 2);
}

test.each<[string, (random: number) => number]>([
  ["even", (random) => 10 + random * 100],
  ["with a long tail", (random) => 5 / (1 - random)],
  ["of two kinds", (random) => (random < 0.8 ? 2 : 900)],
])("95 in a hundred values that are %s stay below", (_, value) => {
  const part = partBelow(new LatencyQuantile(0.95), 4000, value);
  expect(part).toBeGreaterThan(0.93);
  expect(part).toBeLessThan(0.97);
});

test("it follows when a server becomes slower, and when it becomes faster again", () => {
  const quantile = new LatencyQuantile(0.95);
  partBelow(quantile, 500, (random) => 10 + random);
  expect(quantile.ms).toBeCloseTo(11, -1);
  partBelow(quantile, 300, (random) => 1000 + random);
  expect(quantile.ms).toBeGreaterThan(900);
  partBelow(quantile, 3000, (random) => 10 + random);
  expect(quantile.ms).toBeLessThan(20);
});

test("what was waited in vain counts as longer than usual", () => {
  const quantile = new LatencyQuantile(0.95);
  for (let count = 0; count < 200; count++) quantile.add(100);
  const usual = quantile.ms ?? 0;
  for (let count = 0; count < 20; count++) quantile.add((quantile.ms ?? 0) + 1);
  expect(quantile.ms).toBeGreaterThan(usual * 1.5);
});
