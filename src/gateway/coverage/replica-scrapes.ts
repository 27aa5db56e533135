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

/** A target of one replica, and when it was scraped. */
export interface TargetScrapes extends HoleTarget {
  runs: readonly ScrapeRun[];
}

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
    for (const { key, job, instance, times } of scrapes) {
      if (times.length === 0) continue;
      const before = this.#targets.get(key)?.runs ?? [];
      const found: ScrapeRun[] = [];
      for (const stretch of steadyStretches(times)) {
        const [first = 0, last = first] = [stretch[0], stretch.at(-1)];
        const partner = Math.min(...partners.map((one) => one.#intervalOf(key, first, last) || Infinity));
        const nearby = nearest([...before, ...found.slice(-1)], first);
        const interval = likelyInterval(stretch, Number.isFinite(partner) ? partner : 0, nearby);
        found.push(...runsOf(stretch, interval, allowed));
      }
      const runs = joinRuns(before, found, allowed);
      this.#targets.set(key, { job, instance, runs });
    }
    const known = this.#known;
    this.#known = known
      ? { from: Math.min(known.from, range.from), to: Math.max(known.to, range.to) }
      : range;
    this.revision++;
  }

  /** What is older than a time is not there: it was never written, deleted, or lost. */
  setOldest(time: number): void {
    if (this.#oldest === time) return;
    this.#oldest = time;
    for (const [key, target] of this.#targets) {
      const runs = runsSince(target.runs, time);
      if (runs.length === 0) this.#targets.delete(key);
      else this.#targets.set(key, { ...target, runs });
    }
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
    const runs = this.#targets.get(key)?.runs ?? [];
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
