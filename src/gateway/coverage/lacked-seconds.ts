import type { Hole } from "./hole.ts";

/** s of time in which a replica lacks something of any target. What is not known of it yet is no lack. */
export function lackedSeconds(holes: readonly Hole[]): number {
  const known = holes.filter(({ target, to }) => target !== "all" && Number.isFinite(to));
  let ms = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to: last, interval } of known.toSorted((left, right) => left.from - right.from)) {
    const to = last + interval;
    if (to > until) ms += to - Math.max(from, until);
    until = Math.max(until, to);
  }
  return ms / 1000;
}
