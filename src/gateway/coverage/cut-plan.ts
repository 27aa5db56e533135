import { chooseSources } from "./choose-sources.ts";
import { cutTimes } from "./cut-times.ts";
import type { Covering, CutPlan, Lack } from "./hole.ts";

/** Reads that one read may become. */
const mostPieces = 256;

/**
 * Cuts a read where coverage changes, so that together the replicas give all that any of them has. Replicas are switched at holes
 * only; the samples of two are never mixed.
 * @param covering the replicas, the preferred one first, at least one
 * @param start ms, inclusive, as `end`
 */
export function cutPlan<R>(covering: readonly Covering<R>[], start: number, end: number): CutPlan<R> {
  for (let least = 0; ; least = 2 * least + 1) {
    const relevant = covering.map(({ replica, holes }) => ({
      replica,
      holes: holes.filter((hole) => hole.to >= start && hole.from <= end && hole.count > least),
    }));
    const plan = chooseSources(relevant, cutTimes(relevant, start, end));
    // with so many holes, the smallest have to be lived with, and are told
    if (plan.pieces.length <= mostPieces)
      return least === 0
        ? plan
        : { ...plan, lacking: [...plan.lacking, ...small(covering, start, end, least)] };
  }
}

function small<R>(covering: readonly Covering<R>[], start: number, end: number, least: number): Lack[] {
  return covering.flatMap(({ holes }) =>
    holes.flatMap(({ target, from, to, count }) =>
      to >= start && from <= end && count <= least && target !== "all" ? [{ ...target, from, to }] : [],
    ),
  );
}
