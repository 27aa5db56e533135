import type { MissedScrapes } from "../../coverage/missed-scrapes.ts";
import type { ReadMatcher } from "../../remote-read/read-request.ts";
import { chooseSources } from "./choose-sources.ts";
import { cutTimes } from "./cut-times.ts";

/** What a replica lacks of one target, or of all of them where it is not known what it has. */
export interface Hole extends MissedScrapes {
  target: HoleTarget | "all";
}

export interface HoleTarget {
  job: string;
  instance: string;
}

/** A replica that can be asked, and what it lacks. */
export interface Covering<R> {
  replica: R;
  holes: readonly Hole[];
}

/** A part of a read: of these times, of one replica, of series that match these too. */
export interface Piece<R> {
  replica: R;
  /** ms, both inclusive. */
  from: number;
  to: number;
  matchers: readonly ReadMatcher[];
}

export interface CutPlan<R> {
  /** Together all series and times of the read, none twice; those of one series in order of time. */
  pieces: readonly Piece<R>[];
  /** What none of the replicas has, though one that can not be asked has it. */
  lacking: readonly Lack[];
}

export interface Lack extends HoleTarget {
  from: number;
  to: number;
}

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
