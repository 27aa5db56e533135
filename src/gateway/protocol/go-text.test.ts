import * as fc from "fast-check";
import { expect, test } from "vitest";
import { atoiComplaint, parseGoFloat, printLikeGo, quoteLikeGo } from "./go-text.ts";

// what strconv.ParseFloat of Go 1.26 makes of them
test.each([
  ["1", 1],
  ["1_000", 1000],
  ["0x1p-2", 0.25],
  ["0X1P3", 8],
  ["-0x1_0p0", -16],
  ["0x.8p1", 1],
  ["0x1.8p0", 1.5],
  [".5", 0.5],
  ["5.", 5],
  ["1e5", 100_000],
  ["1e1_0", 1e10],
  ["1e-400", 0],
  ["01", 1],
  ["inf", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["nAn", Number.NaN],
])("%s is a number of Go", (text, value) => {
  expect(parseGoFloat(text)).toBe(value);
});

test.each([
  "",
  "0x10",
  "+nan",
  "1e400",
  "1e",
  "0b1",
  " 1",
  "0x",
  "_1",
  "1__0",
  "1_",
  ".",
  "0xp1",
  "１",
  "1e+",
  "0x1p",
])("%o is no number of Go", (text) => {
  expect(parseGoFloat(text)).toBeUndefined();
});

test("every number comes back from its text", () => {
  const number = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(number, (value) => {
      // the text of -0 is that of 0
      expect(parseGoFloat(String(value))).toBe(value + 0);
    }),
  );
});

test("a wrong number is complained about in Go's words", () => {
  expect(["+5", "-1", "9223372036854775807", "-9223372036854775808"].map(atoiComplaint)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(atoiComplaint("9223372036854775808")).toBe(
    'strconv.Atoi: parsing "9223372036854775808": value out of range',
  );
  expect(atoiComplaint("1.5")).toBe('strconv.Atoi: parsing "1.5": invalid syntax');
  expect(atoiComplaint("1_0")).toBe('strconv.Atoi: parsing "1_0": invalid syntax');
});

test("texts are quoted as Go quotes them", () => {
  expect(quoteLikeGo('a"\\\u0000\u0007\n\u007f\u0085\u200b\u{e0001}\u00a0 é😀')).toBe(
    String.raw`"a\"\\\x00\a\n\x7f\u0085\u200b\U000e0001\u00a0 é😀"`,
  );
});

test.each([
  [0, "0s"],
  [-1, "-1ns"],
  [-1500, "-1.5µs"],
  [20e6, "20ms"],
  [-90.5e9, "-1m30.5s"],
  [3600e9, "1h0m0s"],
  [-3_723_000e6, "-1h2m3s"],
])("%d ns are %s", (nanoseconds, text) => {
  expect(printLikeGo(nanoseconds)).toBe(text);
});
