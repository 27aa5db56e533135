import { expect, test } from "vitest";
import { compareLabelSets } from "./label-set.ts";
import { compareUtf8 } from "./utf8-order.ts";

test("strings are in the order of their UTF-8 bytes", () => {
  const parts = [
    "",
    "a",
    "b",
    "ab",
    "\u007f",
    "\u0080",
    "ü",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "～",
    "\uffff",
  ];
  const strings = [...parts, "😀", "\u{10000}", "\u{10ffff}"].flatMap((one) => [
    one,
    `a${one}`,
    `${one}a`,
    `😀${one}`,
  ]);
  const byBytes = strings.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  expect(strings.toSorted(compareUtf8)).toEqual(byBytes);
  expect(compareUtf8("a", "a")).toBe(0);
});

test("label sets are compared label by label", () => {
  const inOrder = [
    {},
    { a: "1" },
    { a: "1", b: "1" },
    { a: "1", b: "2" },
    { a: "1", c: "0" },
    { a: "2" },
    { b: "0" },
  ];
  expect(inOrder.toReversed().toSorted((left, right) => compareLabelSets(left, right))).toEqual(inOrder);
  // JavaScript has numeric names first
  expect(compareLabelSets({ "10": "b", "+": "a" }, { "10": "a", "+": "b" })).toBeLessThan(0);
  expect(compareLabelSets({ a: "1" }, { a: "1" })).toBe(0);
});
