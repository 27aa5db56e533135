import { successAnswer } from "../combine/success-answer.ts";
import type { Answer } from "../planner/query-request.ts";
import { timeParam } from "../protocol/decode-query.ts";
import { type Params, firstOf } from "../protocol/form.ts";
import type { Hole } from "./hole.ts";
import type { ReplicaCoverageState } from "./coverage-index.ts";
import type { TimeRange } from "./replica-scrapes.ts";
import { always } from "./shard-sources.ts";

/** What /api/v1/coverage says, under `data`. Times in s since 1970, null where there is none. */
export interface CoverageDocument {
  /** Whether all is known of every replica. */
  complete: boolean;
  shards: { id: string; replicas: ReplicaDocument[] }[];
}

export interface ReplicaDocument {
  name: string;
  server: string;
  /** Whether all is known, back to its oldest sample. */
  complete: boolean;
  /** The times of which all is known. */
  known: { from: number; to: number } | null;
  oldest: number | null;
  targets: number;
  /** What it lacks and another replica of the shard has; labels null: all targets, of which nothing is known yet. */
  gaps: GapDocument[];
  /** Why it could not be read, null where it could. */
  error: string | null;
}

export interface GapDocument {
  labels: { job: string; instance: string } | null;
  /** Its own last good scrape before, and the first one after. */
  after: number | null;
  before: number | null;
  /** Of the other replica's scrapes in between. */
  from: number | null;
  to: number | null;
  missed: number | null;
}

/** @throws PromfleetError BAD_PARAMETER */
export function coverageRange(params: Params): TimeRange {
  const time = (name: string) => (firstOf(params, name) === "" ? undefined : timeParam(params, name));
  return { from: time("start") ?? always.from, to: time("end") ?? always.to };
}

/** What /api/v1/coverage says: which server has scraped what, as far as it is known. */
export function coverageAnswer(
  shards: readonly { shard: string; replicas: readonly ReplicaCoverageState[] }[],
  { from, to }: TimeRange,
): Answer {
  const described = shards.map(({ shard, replicas }) => ({
    id: shard,
    replicas: replicas.map(
      ({ replica, known, oldest, isComplete, targets, holes, objection }): ReplicaDocument => ({
        name: replica.name,
        server: replica.server,
        complete: isComplete,
        known: known ? { from: known.from / 1000, to: known.to / 1000 } : null,
        oldest: seconds(oldest),
        targets,
        gaps: holes.filter((hole) => hole.to >= from && hole.from <= to).map(gap),
        error: objection ?? null,
      }),
    ),
  }));
  const complete = described.every(({ replicas }) => replicas.every((one) => one.complete));
  const document: CoverageDocument = { complete, shards: described };
  return successAnswer(document, { warnings: [], infos: [] });
}

function gap({ target, after, before, from, to, count }: Hole): GapDocument {
  return {
    labels: target === "all" ? null : target,
    after: seconds(after),
    before: seconds(before),
    from: seconds(from),
    to: seconds(to),
    missed: Number.isFinite(count) ? count : null,
  };
}

const seconds = (ms: number | undefined): number | null =>
  ms !== undefined && Number.isFinite(ms) ? ms / 1000 : null;
