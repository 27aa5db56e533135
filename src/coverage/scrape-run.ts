/** A stretch of time in which a target was scraped well (up = 1) without a gap. Times in ms since 1970. */
export interface ScrapeRun {
  /** Of the first scrape. */
  from: number;
  /** Of the last scrape. */
  to: number;
  /** Between two scrapes, ms; 0 while it is not known: there was only one. */
  interval: number;
}

/** How much later than due a scrape may be and still count as the next one, in intervals. */
const late = 0.5;

/** Whether so much time between two scrapes is a gap. @param allowed missed scrapes in a row that are none */
export function isGap(betweenMs: number, intervalMs: number, allowed: number): boolean {
  return betweenMs > (allowed + 1 + late) * intervalMs;
}

/**
 * Runs of scrapes.
 * @param times of good scrapes, ascending, ms
 * @param interval ms between two scrapes, 0 where it is not known (likelyInterval)
 * @param allowed missed scrapes in a row that are no gap
 */
export function runsOf(times: readonly number[], interval: number, allowed: number): ScrapeRun[] {
  const runs: ScrapeRun[] = [];
  for (const time of times) {
    const last = runs.at(-1);
    if (last && !isGap(time - last.to, interval, allowed)) last.to = time;
    else runs.push({ from: time, to: time, interval });
  }
  return runs;
}

/** As many distances between scrapes speak for themselves. */
const enough = 4;

/**
 * ms between two scrapes of a target, 0 where nothing tells it.
 * @param times of its good scrapes, ascending
 * @param partner what another replica's scrapes of the same time show, 0 if nothing: who misses every other scrape would look whole
 * @param before what scrapes nearby showed, 0 if nothing: of few scrapes it is believed more than they are
 */
export function likelyInterval(times: readonly number[], partner: number, before: number): number {
  const own = medianDelta(times);
  // a server that was held up scrapes twice in a row: two of a few scrapes say nothing
  if (times.length <= enough) return before || partner || own;
  return partner > 0 ? Math.min(own, partner) : own;
}

/** ms in which a target is taken to be scraped at one interval: a configuration may change it at any time. */
const steady = 600_000;

/** Times in stretches in which the interval is taken to be the same. @param times ascending, ms */
export function steadyStretches(times: readonly number[]): number[][] {
  const stretches: number[][] = [];
  let number: number | undefined;
  for (const time of times) {
    const own = Math.floor(time / steady);
    if (own === number) stretches.at(-1)?.push(time);
    else stretches.push([time]);
    number = own;
  }
  return stretches;
}

/** Runs whose intervals are further apart than this are of different configurations. */
const alike = 1.5;

function isAlike(one: ScrapeRun, other: ScrapeRun): boolean {
  if (one.interval === 0 || other.interval === 0) return true;
  return Math.max(one.interval, other.interval) < alike * Math.min(one.interval, other.interval);
}

/** All of both, joined where they overlap, and where no gap is between them and the interval is the same. Neither list is changed. */
export function joinRuns(
  some: readonly ScrapeRun[],
  others: readonly ScrapeRun[],
  allowed: number,
): ScrapeRun[] {
  const joined: ScrapeRun[] = [];
  for (const run of [...some, ...others].toSorted((left, right) => left.from - right.from)) {
    const last = joined.at(-1);
    const interval = last ? Math.max(last.interval, run.interval) : 0;
    const goesOn = last && isAlike(last, run) && !isGap(run.from - last.to, interval, allowed);
    if (last && (run.from <= last.to || goesOn)) {
      if (run.to >= last.to && run.interval > 0) last.interval = run.interval;
      last.to = Math.max(last.to, run.to);
      last.interval ||= run.interval;
    } else joined.push({ ...run });
  }
  return joined;
}

/** What of the runs lies at a time or later. */
export function runsSince(runs: readonly ScrapeRun[], time: number): ScrapeRun[] {
  return runs.filter((run) => run.to >= time).map((run) => (run.from >= time ? run : { ...run, from: time }));
}

/** The middle one of the distances between times, the shorter one of two; 0 where there is none. */
function medianDelta(times: readonly number[]): number {
  const deltas = times
    .slice(1)
    .map((time, index) => time - (times[index] ?? time))
    .toSorted((left, right) => left - right);
  return deltas[Math.floor((deltas.length - 1) / 2)] ?? 0;
}
