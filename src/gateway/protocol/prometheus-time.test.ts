import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseSpan, parseTime } from "./prometheus-time.ts";

/** ms of the years that RFC 3339 has. */
const moment = fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(9999, 11, 31) });

test("a moment is the same written in seconds and by the calendar", () => {
  fc.assert(
    fc.property(moment, (ms) => {
      expect(parseTime(String(ms / 1000))).toBe(ms);
      expect(parseTime(new Date(ms).toISOString())).toBe(ms);
    }),
  );
});

test("a zone moves a time by what it says", () => {
  const minutes = fc.integer({ min: -1439, max: 1439 });
  fc.assert(
    fc.property(moment, minutes, (ms, offset) => {
      const zone = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60]
        .map((part) => String(part).padStart(2, "0"))
        .join(":");
      const local = new Date(ms + offset * 60e3).toISOString().slice(0, -1);
      expect(parseTime(`${local}${offset < 0 ? "-" : "+"}${zone}`)).toBe(ms);
    }),
  );
});

test.each([
  ["2024-02-29T23:59:59Z", Date.UTC(2024, 1, 29, 23, 59, 59)],
  ["0001-01-01T00:00:00Z", -62_135_596_800_000],
  ["2026-01-01T00:00:00.9999Z", Date.UTC(2026, 0) + 999],
  ["-1.5", -1500],
  ["-1.0006", -1001],
  ["9223309901257974", 9_223_309_901_257_974_000],
  ["292277025-08-18T07:12:54.999999999Z", 9_223_309_901_257_975_000],
])("%s is a time", (text, ms) => {
  expect(parseTime(text)).toBe(ms);
});

test.each([
  "2023-02-29T00:00:00Z",
  "2026-00-01T00:00:00Z",
  "2026-01-01T24:00:00Z",
  "2026-01-01T00:60:00Z",
  "2026-01-01T00:00:60Z",
  "2026-01-01T00:00:00",
  "2026-01-01T00:00:00+25:00",
  "2026-01-01 00:00:00Z",
  "2026-01-01",
  "1e300",
  "Inf",
  "NaN",
  "",
])("%o is no time", (text) => {
  expect(parseTime(text)).toBeUndefined();
});

test("a span is the same in seconds and in units", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => {
      const [seconds, rest] = [Math.floor(ms / 1000), ms % 1000];
      expect(parseSpan(`${seconds}s${rest}ms`)).toBe(ms);
      expect(parseSpan(`${seconds}.${String(rest).padStart(3, "0")}`)).toBeCloseTo(ms, 2);
    }),
  );
});

test.each([
  ["1h30m", 5_400_000],
  ["-5", -5000],
  ["1e-10", 0],
  ["0", 0],
])("%s is a span", (text, ms) => {
  expect(parseSpan(text)).toBe(ms);
});

test.each(["", "1m1h", "-5m", "1.5h", "Inf", "NaN", "9223372037", "300y", "5 m"])("%o is no span", (text) => {
  expect(parseSpan(text)).toBeUndefined();
});
