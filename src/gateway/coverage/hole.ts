import type { MissedScrapes } from "../../coverage/missed-scrapes.ts";
import type { ReadMatcher } from "../../remote-read/read-request.ts";

/** What a replica lacks of one target, or of all of them where it is not known what it has. */
export interface Hole extends MissedScrapes {
  target: HoleTarget | "all";
  /** It lacks no scrape, but the stale marker that ends the series of a target that has left: the target's key. */
  markerOf?: string;
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

/** What a shard lacks. */
export interface ShardLack extends Lack {
  shard: string;
}
