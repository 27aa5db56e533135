import type { Covering, Hole } from "./hole.ts";
import { markerWithin } from "./replica-scrapes.ts";

/** The stretches between two cuts, and which holes lie over each of them. */
export interface Slice {
  /** ms, both inclusive. */
  from: number;
  to: number;
  /** By replica, in their order: the holes that take up all of the slice. */
  holes: readonly (readonly Hole[])[];
}

/** Where a read may be cut for a hole; any time between both will do. */
interface CutWindow {
  earliest: number;
  latest: number;
  cut: number;
}

/**
 * How far after the last scrape before a hole, or before the first one behind it, a cut can be without losing a scrape of the other
 * replica, which may have been at the same moment: a little less than an interval. In intervals.
 */
const reach = 0.75;

/** Cuts a range in as few places as the holes allow: when a server was away, its targets share the cuts. */
export function cutTimes<R>(covering: readonly Covering<R>[], start: number, end: number): Slice[] {
  const bounds = covering.map(({ holes }) =>
    holes.map((hole) => ({ hole, begin: beginWindow(hole, start), finish: finishWindow(hole, end) })),
  );
  placeCuts(bounds.flat().flatMap(({ begin, finish }) => [begin, finish].filter((one) => one !== undefined)));
  const cuts = new Set<number>();
  for (const { begin, finish } of bounds.flat())
    for (const window of [begin, finish])
      if (window && window.cut >= start && window.cut < end) cuts.add(window.cut);
  const ends = [...cuts].toSorted((left, right) => left - right);
  return [...ends, end].map((to, index) => {
    const from = index === 0 ? start : (ends[index - 1] ?? start) + 1;
    const holes = bounds.map((some) =>
      some.flatMap(({ hole, begin, finish }) =>
        (begin?.cut ?? Number.NEGATIVE_INFINITY) < from && (finish?.cut ?? Number.POSITIVE_INFINITY) >= to
          ? [hole]
          : [],
      ),
    );
    return { from, to, holes };
  });
}

/** Undefined where the hole has begun before the range. */
function beginWindow({ after, from, interval }: Hole, start: number): CutWindow | undefined {
  if (after === Number.NEGATIVE_INFINITY)
    return from <= start ? undefined : { earliest: start - 1, latest: from - 1, cut: 0 };
  return after < start
    ? undefined
    : { earliest: after, latest: after + Math.floor(reach * interval), cut: 0 };
}

/** Undefined where the hole goes on behind the range. */
function finishWindow({ before, to, interval }: Hole, end: number): CutWindow | undefined {
  if (before === Number.POSITIVE_INFINITY) {
    // the target has left: the marker that says so comes after its last scrape
    const earliest = to + Math.ceil(markerWithin * interval);
    return earliest >= end ? undefined : { earliest, latest: end, cut: 0 };
  }
  if (before > end) return undefined;
  return {
    earliest: Math.min(before - 1, before - Math.floor(reach * interval)),
    latest: before - 1,
    cut: 0,
  };
}

/** The fewest times that hit every window: each as early as all before it that share it allow, then in the middle. */
function placeCuts(windows: readonly CutWindow[]): void {
  let group: CutWindow[] = [];
  let latest = Number.POSITIVE_INFINITY;
  const close = () => {
    const earliest = group.at(-1)?.earliest ?? 0;
    for (const window of group) window.cut = Math.floor((earliest + latest) / 2);
  };
  for (const window of windows.toSorted((left, right) => left.earliest - right.earliest)) {
    if (window.earliest > latest) {
      close();
      group = [];
      latest = Number.POSITIVE_INFINITY;
    }
    group.push(window);
    latest = Math.min(latest, window.latest);
  }
  close();
}
