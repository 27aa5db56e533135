import { expect, test } from "vitest";
import { parse } from "./parse.ts";
import { timesRead } from "./times-read.ts";

const times = { start: 10_000_000, end: 11_000_000, lookback: 300_000 };

function readBy(query: string): [number, number] | undefined {
  const expression = parse(query);
  if (!expression) throw new Error(`not understood: ${query}`);
  const found = timesRead(expression, times);
  return found && [found.from - times.start, found.to - times.end];
}

test.each([
  ["up", -300_000, 0],
  ["rate(up[5m])", -600_000, 0],
  ["up offset 1h", -3_900_000, -3_600_000],
  ["up offset -1m", -240_000, 60_000],
  ["sum(up) + avg(rate(up[1m30s] offset 10m))", -990_000, 0],
  ["up + up offset -1h", -300_000, 3_600_000],
  ["max_over_time(rate(up[1m])[1h:1m] offset 1h)", -7_560_000, -3_600_000],
  ["up @ 10500", 200_000, -500_000],
  ["up @ start()", -300_000, -1_000_000],
  ["rate(up[5m] @ end() offset 5m)", 100_000, -300_000],
  ["max_over_time(up[5m:] @ 0)", -10_600_000, -11_000_000],
  ["topk(scalar(up offset 2h), up)", -7_500_000, 0],
])("%s reads from %i before the start to %i after the end", (query, from, to) => {
  expect(readBy(query)).toEqual([from, to]);
});

test("what reads nothing reads no time", () => {
  expect(readBy("vector(1) + 2")).toEqual([Infinity, -Infinity]);
});
