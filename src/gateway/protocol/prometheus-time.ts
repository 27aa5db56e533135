import { parseDuration } from "../../spec/duration.ts";

/** Milliseconds that 53 bits hold: far more than any storage. */
const farthest = 2 ** 53;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** A time as Prometheus' API takes it, seconds since 1970 or RFC 3339, in ms; undefined where it is none. */
export function parseTime(text: string): number | undefined {
  const ms = decimal.test(text)
    ? Math.round(Number(text) * 1000)
    : rfc3339.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Math.abs(ms) <= farthest ? ms : undefined;
}

/** A duration as Prometheus' API takes it, seconds or "1h30m", in ms; undefined where it is none. */
export function parseSpan(text: string): number | undefined {
  if (!decimal.test(text)) return parseDuration(text);
  const ms = Number(text) * 1000;
  return Math.abs(ms) <= farthest ? ms : undefined;
}
