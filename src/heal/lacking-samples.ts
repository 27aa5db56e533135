import type { TimeRange } from "./healed-server.ts";

/** Between two own samples so far apart there is room for another scraper's; half of it is the guard. In intervals. */
const gap = 1.2;
const half = 0.5;

export interface LackingTerms {
  /** Within which the samples are to lie, ms; own samples are known for an interval and a half, and the guard, around it. */
  range: TimeRange;
  /** ms between two samples of the series. */
  interval: number;
  /** ms that stay free between the samples of two scrapers; at least half an interval. */
  guard: number;
}

/** How far from an own sample another scraper's may stand. @param slowest ms that a scrape took */
export function guardOf(interval: number, slowest: number): number {
  // a sample has the time at which its scrape began: what a slow one brings is as new as the next one's
  return Math.max(interval * half, slowest * 1.1);
}

/**
 * Which of another replica's samples a series lacks: those that lie where it has nothing of its own, away from what it has. Samples of
 * two scrapers are never interleaved: timestamps are those of when a scrape began, and a counter would seem to be reset.
 * @param own times of the samples that it has, ascending
 * @param theirs ascending by time
 */
export function lackingSamples<T extends { time: number }>(
  own: readonly number[],
  theirs: readonly T[],
  { range, interval, guard }: LackingTerms,
): T[] {
  const found: T[] = [];
  let next = 0;
  for (const sample of theirs) {
    const { time } = sample;
    if (time < range.from || time > range.to) continue;
    while (next < own.length && (own[next] ?? 0) < time) next++;
    const before = own[next - 1] ?? Number.NEGATIVE_INFINITY;
    const after = own[next] ?? Number.POSITIVE_INFINITY;
    // on one side it may be just the guard: of two that are half an interval apart, neither would fit otherwise
    if (time - before >= guard && after - time > guard && after - before > gap * interval) found.push(sample);
  }
  return found;
}
