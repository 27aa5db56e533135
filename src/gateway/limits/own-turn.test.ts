import { expect, test } from "vitest";
import { ownTurn } from "./own-turn.ts";

test("what waits for turns of its own leaves one to others in between", async () => {
  const seen: string[] = [];
  let turn = 0;
  const count = () => {
    turn++;
    if (turn < 100) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(
    [1, 2, 3].map(async () => {
      await ownTurn();
      seen.push(`in turn ${turn}`);
    }),
  );
  expect(new Set(seen).size).toBe(3);
});
