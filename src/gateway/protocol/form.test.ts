import * as fc from "fast-check";
import { expect, test } from "vitest";
import { firstOf, parseForm } from "./form.ts";

test("whatever was encoded comes back, in order", () => {
  const text = fc.string({ unit: "binary", maxLength: 8 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 5 }), (pairs) => {
      const encoded = new URLSearchParams(pairs).toString();
      expect(parseForm(encoded)).toEqual(
        pairs.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
      );
    }),
  );
});

test("reads what no encoder writes as Go does", () => {
  expect(parseForm("")).toEqual([]);
  expect(parseForm("&&a=1&&b&=c&d=e=f&g=+%2B+")).toEqual([
    ["a", "1"],
    ["b", ""],
    ["", "c"],
    ["d", "e=f"],
    ["g", " + "],
  ]);
});

// Go would leave these parameters out, and answer without them
test.each([
  ["query=%zz", 'invalid URL escape "%zz"'],
  ["a%f=1", 'invalid URL escape "%f"'],
  ["a=1&b=2%", 'invalid URL escape "%"'],
  ["a=%\n1", String.raw`invalid URL escape "%\n1"`],
  ["query=a;b", "invalid semicolon separator in query"],
  ["a=%ff", '"%ff" is not UTF-8'],
  ["a=1&".repeat(9_990), "more than 9990 parameters"],
])("refuses %.20s", (text, why) => {
  expect(() => parseForm(text)).toThrow(`error parsing form values: ${why}`);
});

test("the first of several counts, also where it is empty", () => {
  expect(firstOf(parseForm("a=&a=2"), "a")).toBe("");
  expect(firstOf(parseForm("b=1"), "a")).toBe("");
});
