import { expect, test } from "vitest";
import { textComplexity } from "./text-complexity.ts";

test.each([
  ["m", 0, 0],
  ['sum(rate(m{a="b"}[5m]))', 3, 0],
  ["(1) + (2) + ((3))", 2, 2],
  ["m{a=\"((((\", b=~'[[[[', c!=`{{{{`} > 1", 1, 1],
  ['m{a="\\"((("}', 1, 0],
  ["m # (((( + + +\n + (1)", 1, 1],
  ["a and on (x) b or c unless d AND e", 1, 4],
  ["band + order + sunless", 0, 2],
  ["m >= bool 1", 0, 2],
  ["m{".repeat(10_000), 10_000, 0],
  ["-".repeat(10_000) + "1", 0, 10_000],
  [`m${"+m".repeat(10_000)}`, 0, 10_000],
  ['("', 1, 0],
])("%.40s", (text, depth, operators) => {
  expect(textComplexity(text)).toEqual({ depth, operators });
});

test("a hundred thousand bytes are looked at in no time", () => {
  const text = `${"a or ".repeat(20_000)}a`;
  const began = performance.now();
  expect(textComplexity(text).operators).toBe(20_000);
  expect(performance.now() - began).toBeLessThan(200);
});
