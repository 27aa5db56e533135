import { expect, test } from "vitest";
import { isExact, withoutOwnParams } from "./own-params.ts";

test.each(["1", "t", "T", "true", "TRUE", "True"])("exact=%s asks for all bits", (word) => {
  expect(isExact([["exact", word]])).toBe(true);
});

test.each(["0", "f", "F", "false", "FALSE", "False", ""])("exact=%s does not", (word) => {
  expect(isExact([["exact", word]])).toBe(false);
});

test("nor does what says nothing of it", () => {
  expect(isExact([])).toBe(false);
  expect(
    isExact([
      ["Exact", "1"],
      ["partial_response", "1"],
    ]),
  ).toBe(false);
});

test("the first word counts, and has to be one", () => {
  expect(
    isExact([
      ["exact", "0"],
      ["exact", "1"],
    ]),
  ).toBe(false);
  for (const word of ["yes", "2", "tRue", " 1"])
    expect(() => isExact([["exact", word]])).toThrow(
      `invalid parameter "exact": cannot parse ${JSON.stringify(word)} to a bool`,
    );
});

test("Prometheus is told of its own parameters alone", () => {
  const own: [string, string][] = [
    ["query", "up"],
    ["limit", "5"],
    ["query", "down"],
  ];
  expect(withoutOwnParams([["exact", "1"], ...own, ["partial_response", "1"], ["exact", "x"]])).toEqual(own);
});
