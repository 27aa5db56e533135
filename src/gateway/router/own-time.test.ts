import { expect, test } from "vitest";
import { afterOwnTime } from "./own-time.ts";

async function waited(ms: number, meanwhile: () => void): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const began = performance.now();
  afterOwnTime(ms, resolve);
  setTimeout(meanwhile, ms / 2);
  await promise;
  return performance.now() - began;
}

const holdUp = () => {
  const until = performance.now() + 300;
  while (performance.now() < until);
};

test("calls back after the time, and later where the process was held up", async () => {
  expect(await waited(200, () => {})).toBeGreaterThanOrEqual(190);
  expect(await waited(200, holdUp)).toBeGreaterThanOrEqual(190 + 250);
});

test("does not call back when it is called off", async () => {
  let called = false;
  afterOwnTime(50, () => (called = true))();
  await waited(150, () => {});
  expect(called).toBe(false);
});
