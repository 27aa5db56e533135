import {
  type ScrapeRun,
  joinRuns,
  likelyInterval,
  runsOf,
  runsSince,
  steadyStretches,
} from "../../coverage/scrape-run.ts";
import type { GoodScrapes } from "../../coverage/up-samples.ts";
import type { HoleTarget } from "./hole.ts";
import type { RunEnd } from "./read-ends.ts";

/** A target of one replica, and when it was scraped. */
export interface TargetScrapes extends HoleTarget {
  /** Of good scrapes. */
  runs: readonly ScrapeRun[];
  /** Of scrapes good or failed, whose samples of `up` are there all the same; left out where none has failed. */
  any?: readonly ScrapeRun[];
  /** Of runs that have ended, by the time of their last sample: whether a stale marker follows. */
  marked?: ReadonlyMap<number, boolean>;
}

/** All runs of a target, of whatever scrapes. */
export const allRuns = ({ runs, any }: TargetScrapes): readonly ScrapeRun[] => any ?? runs;

/** Intervals after its last scrape in which the marker of a target that has left is written, and a little more. */
export const markerWithin = 3.3;
/** Of the time that a query looks back, after which a sample may not be seen any more. */
const seen = 0.9;

/** ms, both inclusive. */
export interface TimeRange {
  from: number;
  to: number;
}

/** When one replica has really scraped: what was read of its `up`. */
export class ReplicaScrapes {
  readonly #targets = new Map<string, TargetScrapes>();
  #known: TimeRange | undefined;
  #oldest: number | undefined;
  /** Goes up with every change. */
  revision = 0;

  /** The times of which all is known, without a break; undefined while nothing is. */
  get known(): TimeRange | undefined {
    return this.#known;
  }

  get targets(): ReadonlyMap<string, TargetScrapes> {
    return this.#targets;
  }

  /**
   * Takes in what was read of a time that adjoins what is known, or lies within it.
   * @param partners the same targets on the other replicas, which show how often they are really scraped
   */
  add(
    scrapes: readonly GoodScrapes[],
    range: TimeRange,
    allowed: number,
    partners: readonly ReplicaScrapes[],
  ): void {
    for (const { key, job, instance, times, bad } of scrapes) {
      const before = this.#targets.get(key);
      const runsIn = (list: readonly number[], had: readonly ScrapeRun[]) =>
        joinRuns(had, this.#runsIn(key, list, had, allowed, partners), allowed);
      const runs = times.length > 0 ? runsIn(times, before?.runs ?? []) : (before?.runs ?? []);
      if (bad.length === 0 && !before?.any) {
        if (times.length > 0) this.#targets.set(key, { ...before, job, instance, runs });
        continue;
      }
      const all = [...times, ...bad].toSorted((left, right) => left - right);
      const had = before ? allRuns(before) : [];
      if (all.length > 0) this.#targets.set(key, { ...before, job, instance, runs, any: runsIn(all, had) });
    }
    const known = this.#known;
    this.#known = known
      ? { from: Math.min(known.from, range.from), to: Math.max(known.to, range.to) }
      : range;
    this.revision++;
  }

  /** @param had runs of the target that are known, which show how often it is scraped */
  #runsIn(
    key: string,
    times: readonly number[],
    had: readonly ScrapeRun[],
    allowed: number,
    partners: readonly ReplicaScrapes[],
  ): ScrapeRun[] {
    const found: ScrapeRun[] = [];
    for (const stretch of steadyStretches(times)) {
      const [first = 0, last = first] = [stretch[0], stretch.at(-1)];
      const partner = Math.min(...partners.map((one) => one.#intervalOf(key, first, last) || Infinity));
      const nearby = nearest([...had, ...found.slice(-1)], first);
      const interval = likelyInterval(stretch, Number.isFinite(partner) ? partner : 0, nearby);
      found.push(...runsOf(stretch, interval, allowed));
    }
    return found;
  }

  /** ms between two scrapes of the target that is scraped most seldom, as far as it is known; 0 where nothing is. */
  get longestInterval(): number {
    let longest = 0;
    for (const target of this.#targets.values())
      longest = Math.max(longest, allRuns(target).at(-1)?.interval ?? 0);
    return longest;
  }

  /** What is older than a time is not there: it was never written, deleted, or lost. */
  setOldest(time: number): void {
    if (this.#oldest === time) return;
    this.#oldest = time;
    for (const [key, target] of this.#targets) {
      const runs = runsSince(target.runs, time);
      const any = target.any && runsSince(target.any, time);
      if ((any ?? runs).length === 0) this.#targets.delete(key);
      else this.#targets.set(key, { ...target, runs, ...(any && { any }) });
    }
    this.revision++;
  }

  /**
   * Ends of runs of which it is not known whether a marker follows, newest first. Of targets that are scraped so seldom that they are
   * soon not seen anyway it cannot be known, and matters little.
   * @param most so many of them
   * @param lookback ms that a query looks back
   */
  unmarked(most: number, lookback: number): RunEnd[] {
    const known = this.#known;
    if (!known) return [];
    const ends: RunEnd[] = [];
    for (const [key, target] of this.#targets) {
      const runs = allRuns(target);
      for (const [index, { to: end, interval }] of runs.entries()) {
        if (interval === 0 || target.marked?.has(end)) continue;
        if (markerWithin * interval > seen * lookback) continue;
        const at = Math.min(
          end + Math.ceil(markerWithin * interval),
          (runs[index + 1]?.from ?? Infinity) - 1,
        );
        // what comes late is stored some time after its own
        if (at + interval < known.to && end > known.from) ends.push({ key, end, at });
      }
    }
    return ends.toSorted((left, right) => right.end - left.end).slice(0, most);
  }

  /** @param isMarked whether a stale marker follows the last sample */
  mark({ key, end }: RunEnd, isMarked: boolean): void {
    const target = this.#targets.get(key);
    if (!target || target.marked?.get(end) === isMarked) return;
    const ends = new Set(allRuns(target).map(({ to }) => to));
    const before = [...(target.marked ?? [])].filter(([time]) => ends.has(time));
    this.#targets.set(key, { ...target, marked: new Map([...before, [end, isMarked]]) });
    this.revision++;
  }

  /** ms of the oldest sample there may be; undefined while that is not known. */
  get oldest(): number | undefined {
    return this.#oldest;
  }

  /** Whether all is known, back to the oldest sample. */
  get isComplete(): boolean {
    return this.#known !== undefined && this.#oldest !== undefined && this.#known.from <= this.#oldest;
  }

  /** Takes what was known in an earlier life. */
  restore(known: TimeRange, targets: Iterable<readonly [string, TargetScrapes]>): void {
    this.#known = known;
    for (const [key, target] of targets) this.#targets.set(key, target);
    this.revision++;
  }

  /** ms between two scrapes of a target at some time; 0 where nothing is known of that. */
  #intervalOf(key: string, from: number, to: number): number {
    const target = this.#targets.get(key);
    const runs = target ? allRuns(target) : [];
    const intervals = runs.filter((run) => run.to >= from && run.from <= to && run.interval > 0);
    return intervals.length > 0 ? Math.min(...intervals.map(({ interval }) => interval)) : 0;
  }
}

/** The interval of the run that is nearest to a time; 0 where there is none. */
function nearest(runs: readonly ScrapeRun[], time: number): number {
  let best: ScrapeRun | undefined;
  const distance = (run: ScrapeRun) => Math.max(0, run.from - time, time - run.to);
  for (const run of runs) if (run.interval > 0 && (!best || distance(run) < distance(best))) best = run;
  return best?.interval ?? 0;
}
