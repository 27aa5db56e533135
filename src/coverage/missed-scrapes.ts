import type { ScrapeRun } from "./scrape-run.ts";

/** What one replica lacks of a target and another has. Times in ms since 1970. */
export interface MissedScrapes {
  /** Its own last good scrape before, -Infinity where there is none. */
  after: number;
  /** Its own first good scrape afterwards, Infinity where there is none. */
  before: number;
  /** Where the others' scrapes in between begin and end, about. */
  from: number;
  to: number;
  /** How many scrapes are missed, about. */
  count: number;
  /** ms between two scrapes. */
  interval: number;
}

/**
 * How far before its first and after its last scrape a replica is taken to have a target: two replicas scrape at moments of their own,
 * and one finds a target within an interval of the other. In intervals.
 */
const edge = 0.9;
const half = 0.5;

/**
 * What a replica lacks. What nobody has is not missed.
 * @param own runs of the replica, ascending
 * @param others runs of the other replicas, joined, ascending
 * @param allowed missed scrapes that do not count: any single Prometheus has a few
 * @param until ms up to which it is known what the replica has
 */
export function missedScrapes(
  own: readonly ScrapeRun[],
  others: readonly ScrapeRun[],
  allowed: number,
  until: number,
): MissedScrapes[] {
  const missed: MissedScrapes[] = [];
  for (let at = 0; at <= own.length; at++) {
    const last = own[at - 1];
    const next = own[at];
    // between two runs half an interval belongs to each of them
    const margin = last && next ? half : edge;
    const hole = {
      after: last?.to ?? Number.NEGATIVE_INFINITY,
      before: next?.from ?? Number.POSITIVE_INFINITY,
    };
    for (const other of overlapping(others, hole.after, Math.min(hole.before, until))) {
      // its own may be of another time, with another configuration
      const interval = other.interval || Math.max(last?.interval ?? 0, next?.interval ?? 0);
      const opens = hole.after + margin * interval;
      const closes = Math.min(hole.before - margin * interval, until);
      const from = Math.max(opens, other.from);
      const to = Math.min(closes, other.to);
      if (to < from) continue;
      const isEdge = other.from >= opens || other.to <= closes;
      const periods = interval > 0 ? (to - from) / interval : 0;
      const count = isEdge ? Math.floor(periods + 0.1) + 1 : Math.round(periods);
      if (count > allowed) missed.push({ ...hole, from, to, count, interval });
    }
  }
  return missed;
}

/** Runs that have anything in common with a stretch, found without going through all of them. */
function overlapping(runs: readonly ScrapeRun[], from: number, to: number): readonly ScrapeRun[] {
  let low = 0;
  let high = runs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs[middle]?.to ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < runs.length && (runs[end]?.from ?? 0) <= to) end++;
  return runs.slice(low, end);
}
