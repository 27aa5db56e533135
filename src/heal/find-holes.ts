import { missedScrapes } from "../coverage/missed-scrapes.ts";
import { type ScrapeRun, joinRuns, likelyInterval, runsOf } from "../coverage/scrape-run.ts";
import { type GoodScrapes, goodScrapes } from "../coverage/up-samples.ts";
import type { HealedServer, TimeRange } from "./healed-server.ts";
import { TooMuchAtOnce } from "../remote-read/samples-read.ts";
import type { ServerSamples } from "./server-samples.ts";

/** A stretch of time in which a server lacks what its partner has of a target. */
export interface TargetHole extends TimeRange {
  job: string;
  instance: string;
  /** ms between two scrapes. */
  interval: number;
}

/** In which a server has scraped nobody. */
export interface Outage extends TimeRange {
  /** ms between two scrapes of a target. */
  interval: number;
}

export interface Holes {
  /** By target, ascending. */
  targets: readonly TargetHole[];
  outages: readonly Outage[];
  /** Every target of the partner, instances by job. */
  instances: ReadonlyMap<string, ReadonlySet<string>>;
  /** ms: what is newer may still come. */
  now: number;
  /** ms: before this, nothing can turn out to be missing that is not among these. */
  settled: number;
}

/** ms of `up` in one read. */
const slice = 600_000;
const shortestSlice = 1000;
/** What is as new may still come by itself. Intervals, and ms. */
const freshIntervals = 3;
const fresh = 2000;

/**
 * What a server lacks and its partner has, by its samples of `up`: scrapes that went well here and not there, and scrapes that there
 * is nothing of, however they went.
 * @throws PromfleetError HEAL_FAILED; MalformedData; the signal's reason
 */
export async function findHoles(
  samples: ServerSamples,
  server: HealedServer,
  partner: HealedServer,
  range: TimeRange,
): Promise<Holes> {
  const own = new Scrapes();
  const theirs = new Scrapes();
  let length = slice;
  for (let from = range.from; from <= range.to;) {
    const part = { from, to: Math.min(from + length - 1, range.to) };
    try {
      const read = async (one: HealedServer) =>
        (await samples.read(one, [{ op: "=", name: "__name__", value: "up" }], part)).map(goodScrapes);
      const [mine, others] = [await read(server), await read(partner)];
      theirs.add(others, undefined);
      own.add(mine, theirs);
      from = part.to + 1;
    } catch (error) {
      if (!(error instanceof TooMuchAtOnce) || length <= shortestSlice) throw error;
      length /= 2;
    }
  }
  return compare(own, theirs, range);
}

function compare(own: Scrapes, theirs: Scrapes, range: TimeRange): Holes {
  const targets: TargetHole[] = [];
  const outages: Outage[] = [];
  const instances = new Map<string, Set<string>>();
  const now = range.to - fresh;
  let settled = now;
  for (const [key, { job, instance, good, any }] of theirs.targets) {
    instances.set(job, (instances.get(job) ?? new Set()).add(instance));
    const mine = own.targets.get(key);
    const interval = Math.max(0, ...any.map((run) => run.interval));
    const old = now - freshIntervals * interval;
    settled = Math.min(settled, old - interval);
    const found = [
      ...missedScrapes(mine?.good ?? [], good, 0, now),
      ...missedScrapes(mine?.any ?? [], any, 0, now),
    ].map((missed) => ({
      from: Math.max(missed.after + 1, missed.from - missed.interval, range.from),
      to: Math.min(missed.before - 1, missed.to + missed.interval, missed.before < Infinity ? now : old),
      interval: missed.interval,
    }));
    for (const hole of joined(found)) {
      targets.push({ job, instance, ...hole });
      if (own.hasNothing(hole)) outages.push({ ...own.aroundNothing(hole, range), interval: hole.interval });
    }
  }
  return { targets, outages: joined(outages), instances, now, settled };
}

/** What a server has scraped, by its samples of `up`. */
class Scrapes {
  readonly targets = new Map<
    string,
    { job: string; instance: string; good: ScrapeRun[]; any: ScrapeRun[] }
  >();
  /** Seconds since 1970 with a sample of any target. */
  readonly #seconds = new Set<number>();

  /** @param partner what it has of the same time, which shows how often targets are really scraped */
  add(scrapes: readonly GoodScrapes[], partner: Scrapes | undefined): void {
    for (const { key, job, instance, times, bad } of scrapes) {
      const all = [...times, ...bad].toSorted((left, right) => left - right);
      for (const time of all) this.#seconds.add(Math.floor(time / 1000));
      const before = this.targets.get(key) ?? { job, instance, good: [], any: [] };
      const theirs = partner?.targets.get(key)?.any.at(-1)?.interval ?? 0;
      const interval = likelyInterval(all, theirs, before.any.at(-1)?.interval ?? 0);
      this.targets.set(key, {
        job,
        instance,
        good: joinRuns(before.good, runsOf(times, interval, 0), 0),
        any: joinRuns(before.any, runsOf(all, interval, 0), 0),
      });
    }
  }

  /** Whether no target was scraped in a range; a second at its edges is not looked at. */
  hasNothing({ from, to }: TimeRange): boolean {
    for (let second = Math.ceil(from / 1000); second < Math.floor(to / 1000); second++)
      if (this.#seconds.has(second)) return false;
    return true;
  }

  /** The range to the nearest scrapes around it, to the second. */
  aroundNothing({ from, to }: TimeRange, within: TimeRange): TimeRange {
    let first = Math.ceil(from / 1000);
    let last = Math.floor(to / 1000);
    while (first * 1000 > within.from && !this.#seconds.has(first - 1)) first--;
    while (last * 1000 < within.to && !this.#seconds.has(last)) last++;
    return { from: first * 1000, to: last * 1000 };
  }
}

/** Those that touch as one, ascending. */
function joined<T extends TimeRange & { interval: number }>(ranges: readonly T[]): T[] {
  const all: T[] = [];
  for (const range of ranges.toSorted((left, right) => left.from - right.from)) {
    const last = all.at(-1);
    if (last && range.from <= last.to + 1) {
      last.to = Math.max(last.to, range.to);
      last.interval = Math.min(last.interval, range.interval) || Math.max(last.interval, range.interval);
    } else if (range.to >= range.from) all.push({ ...range });
  }
  return all;
}
