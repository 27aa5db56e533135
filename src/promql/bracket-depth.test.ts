import { expect, test } from "vitest";
import { bracketDepth } from "./bracket-depth.ts";

test.each([
  ["m", 0],
  ['sum(rate(m{a="b"}[5m]))', 3],
  ["(1) + (2) + ((3))", 2],
  ["m{a=\"((((\", b='[[[[', c=`{{{{`}", 1],
  ['m{a="\\"((("}', 1],
  ["m # ((((\n + (1)", 1],
  ["m{".repeat(10_000), 10_000],
  ['("', 1],
])("%.30s", (text, depth) => {
  expect(bracketDepth(text)).toBe(depth);
});
