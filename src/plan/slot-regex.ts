import { slotCount } from "./fleet-plan.ts";

type Range = readonly [number, number];

/**
 * A regular expression (RE2 syntax, to be anchored as Prometheus does) that matches the decimal text of exactly these slots.
 * Short, since one stands in every job: 0..511 is `[0-9]|[1-9][0-9]|[1-4][0-9]{2}|50[0-9]|51[01]`.
 * @param ranges inclusive, ascending, within 0 … slotCount - 1; none gives a regex that matches no slot
 */
export function slotRegex(ranges: readonly Range[]): string {
  const alternatives = ranges.flatMap(([from, to]) => rangePatterns(from, to));
  return alternatives.length === 0 ? "none" : alternatives.join("|");
}

/** The slots that a `keep` regex lets through, as inclusive ranges: found by trying every slot. */
export function slotsOfRegex(regex: string): [number, number][] {
  const anchored = new RegExp(`^(?:${regex})$`);
  const ranges: [number, number][] = [];
  for (let slot = 0; slot < slotCount; slot++) {
    if (!anchored.test(String(slot))) continue;
    const last = ranges.at(-1);
    if (last && last[1] === slot - 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}

/** Cuts a range where the number of digits changes. */
function rangePatterns(from: number, to: number): string[] {
  const patterns: string[] = [];
  for (let low = from; low <= to;) {
    const high = Math.min(to, 10 ** String(low).length - 1);
    patterns.push(...sameLengthPatterns(String(low), String(high)));
    low = high + 1;
  }
  return patterns;
}

/** Patterns for all numbers between two of the same number of digits. */
function sameLengthPatterns(low: string, high: string): string[] {
  const first = low[0];
  const last = high[0];
  if (first === undefined || last === undefined) return [""];
  const rest = low.length - 1;
  if (first === last) return sameLengthPatterns(low.slice(1), high.slice(1)).map((tail) => first + tail);
  const patterns: string[] = [];
  let from = Number(first);
  let to = Number(last);
  // a first digit with only some of its numbers stands alone; the others share one class
  const lowest = low.slice(1) === "0".repeat(rest);
  const highest = high.slice(1) === "9".repeat(rest);
  if (!lowest)
    patterns.push(...sameLengthPatterns(low.slice(1), "9".repeat(rest)).map((tail) => first + tail));
  if (!lowest) from++;
  if (!highest) to--;
  if (from <= to) patterns.push(digitClass(from, to) + anyDigits(rest));
  if (!highest)
    patterns.push(...sameLengthPatterns("0".repeat(rest), high.slice(1)).map((tail) => last + tail));
  return patterns;
}

function digitClass(from: number, to: number): string {
  if (from === to) return String(from);
  return to === from + 1 ? `[${from}${to}]` : `[${from}-${to}]`;
}

function anyDigits(count: number): string {
  if (count === 0) return "";
  return count === 1 ? "[0-9]" : `[0-9]{${count}}`;
}
