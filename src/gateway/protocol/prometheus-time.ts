import { parseDuration } from "../../promql/duration.ts";
import { parseGoFloat } from "./go-text.ts";

/** ms; the times that 64 bits of them hold, which are also those that Prometheus knows. */
const farthest = 2 ** 63;
/** ns */
const longest = 2 ** 63;

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
/** Prometheus' own first and last time have years that no parser takes; clients send them all the same. */
const bounds: ReadonlyMap<string, number> = new Map([
  ["-292273086-05-16T16:47:06Z", -9_223_309_901_257_974_000],
  ["292277025-08-18T07:12:54.999999999Z", 9_223_309_901_257_975_000],
]);

/** A time as Prometheus' API takes it, seconds since 1970 or RFC 3339, in ms; undefined where it is none. */
export function parseTime(text: string): number | undefined {
  const seconds = parseGoFloat(text);
  if (seconds === undefined) return parseDate(text) ?? bounds.get(text);
  const whole = Math.trunc(seconds);
  const ms = whole * 1000 + Math.sign(seconds) * Math.round(Math.abs(seconds - whole) * 1000);
  return Math.abs(ms) < farthest ? ms : undefined;
}

function parseDate(text: string): number | undefined {
  const parts = rfc3339.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const [fraction = "", sign = "+", offsetHours = "0", offsetMinutes = "0"] = parts.slice(7);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // a day that the month does not have would be one of the next month
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (Number(offsetHours) > 24 || Number(offsetMinutes) > 59) return undefined;
  const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60e3 * (sign === "-" ? -1 : 1);
  const ofDay = ((hour * 60 + minute) * 60 + second) * 1000 + Number(fraction.padEnd(3, "0").slice(0, 3));
  return date.getTime() + ofDay - offset;
}

/** A duration as Prometheus' API takes it, seconds or "1h30m", in ms; undefined where it is none, or too long. */
export function parseSpan(text: string): number | undefined {
  const seconds = parseGoFloat(text);
  if (seconds === undefined) return parseDuration(text);
  const nanoseconds = Math.trunc(seconds * 1e9);
  return Math.abs(nanoseconds) < longest ? nanoseconds / 1e6 : undefined;
}
