import { expect, test } from "vitest";
import { placeForLarge } from "./large-answers.ts";

const calm = new AbortController().signal;

test("of many large answers few are made at a time, those that have waited longest first, and who leaves the line takes no place", async () => {
  const leaves: (() => void)[] = [];
  const taken: number[] = [];
  const gone = new AbortController();
  const all = Array.from({ length: 40 }, async (_, index) => {
    const leave = await placeForLarge(index % 10 === 9 ? gone.signal : calm);
    taken.push(index);
    leaves.push(leave);
  });
  await Promise.resolve();
  gone.abort(new Error("the client has left"));
  const settled = Promise.allSettled(all);
  let most = 0;
  for (let left = 0; left < 37;) {
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, leaves.length);
    for (const leave of leaves.splice(0)) {
      leave();
      // once is enough
      leave();
      left++;
    }
  }
  const outcomes = (await settled).map(({ status }) => status);
  // the tenth had a place before
  expect(outcomes.filter((status) => status === "rejected")).toHaveLength(3);
  expect(taken).toEqual(taken.toSorted((left, right) => left - right));
  expect(most).toBe(12);
  const last = await placeForLarge(calm);
  last();
});
