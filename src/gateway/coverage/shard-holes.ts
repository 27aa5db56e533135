import { type MissedScrapes, missedScrapes } from "../../coverage/missed-scrapes.ts";
import { type ScrapeRun, isGap, joinRuns } from "../../coverage/scrape-run.ts";
import type { Hole } from "./hole.ts";
import {
  type ReplicaScrapes,
  type TargetScrapes,
  type TimeRange,
  allRuns,
  markerWithin,
} from "./replica-scrapes.ts";

/** How long before the end of what is known a scrape may have been due that is not stored yet, in intervals. */
const unstored = 1.1;
/** How long before that end the last scrape of a target may lie that is still scraped, in intervals. */
const reaches = 2;

/** What the replicas of a shard lack of what another one of them has. */
export class ShardHoles {
  readonly #replicas: readonly ReplicaScrapes[];
  readonly #allowed: number;
  readonly #goesOn: (replica: ReplicaScrapes) => boolean;
  #holes = new Map<ReplicaScrapes, readonly Hole[]>();
  #going: ReadonlySet<ReplicaScrapes> = new Set();
  #state: readonly unknown[] = [];

  /**
   * @param allowed missed scrapes in a row that do not count
   * @param goesOn whether a replica is taken to have gone on with what it scraped last, as far as others are known: for a moment, or while
   * reading from it fails, nothing is known of its last scrapes, and who lacks them would look whole
   */
  constructor(
    replicas: readonly ReplicaScrapes[],
    allowed: number,
    goesOn: (replica: ReplicaScrapes) => boolean = () => false,
  ) {
    this.#replicas = replicas;
    this.#allowed = allowed;
    this.#goesOn = goesOn;
  }

  get replicas(): readonly ReplicaScrapes[] {
    return this.#replicas;
  }

  get allowed(): number {
    return this.#allowed;
  }

  /** Of one of the replicas, as far as it is known. */
  of(replica: ReplicaScrapes): readonly Hole[] {
    const state = this.#replicas.flatMap((one) => [one.revision, this.#goesOn(one)]);
    if (state.some((value, index) => value !== this.#state[index])) {
      this.#state = state;
      this.#going = new Set(this.#replicas.filter(this.#goesOn));
      this.#holes = new Map(this.#replicas.map((one) => [one, this.#compute(one)]));
    }
    return this.#holes.get(replica) ?? [];
  }

  #compute(replica: ReplicaScrapes): Hole[] {
    const known = replica.known;
    // of whom nothing is known yet, nothing is held against
    if (!known) return [];
    const holes: Hole[] = [];
    const others = this.#replicas.filter((other) => other !== replica);
    for (const [key, { job, instance }] of new Map(others.flatMap((other) => [...other.targets]))) {
      const target = { job, instance };
      const good = this.#lacks(key, replica, others, known.to, ({ runs }) => runs);
      holes.push(
        ...good.filter((missed) => isKnown(missed, replica, known)).map((one) => ({ ...one, target })),
      );
      for (const missed of this.#lacksMarkers(key, replica, others, known.to))
        if (isKnown(missed, replica, known)) holes.push({ ...missed, target, markerOf: key });
      // of a target that nobody reaches, too, there are samples: that it is down, and since when
      if (![replica, ...others].some((one) => one.targets.get(key)?.any)) continue;
      const any = this.#lacks(key, replica, others, known.to, allRuns);
      for (const missed of any)
        if (isKnown(missed, replica, known) && !good.some((hole) => isWithin(missed, hole)))
          holes.push({ ...missed, target });
    }
    return holes;
  }

  /** Where the target left while the replica was away: without the marker it would be seen for as long as a query looks back. */
  #lacksMarkers(
    key: string,
    replica: ReplicaScrapes,
    others: readonly ReplicaScrapes[],
    until: number,
  ): MissedScrapes[] {
    const own = replica.targets.get(key);
    const left = others.flatMap((other) => leftAfter(other.targets.get(key)));
    if (!own?.marked || left.length === 0) return [];
    const missed: MissedScrapes[] = [];
    const runs = allRuns(own);
    for (const [index, { to: after, interval }] of runs.entries()) {
      if (own.marked.get(after) !== false) continue;
      const before = runs[index + 1]?.from ?? Number.POSITIVE_INFINITY;
      const ended = left.find(
        (run) =>
          !isGap(Math.abs(run.to - after), interval, this.#allowed) &&
          // where it was seen again before a marker would have come, no target has left
          before - after > markerWithin * Math.max(interval, run.interval),
      );
      if (!ended) continue;
      const from = Math.max(after, ended.to) + 1;
      const to = Math.min(from + Math.ceil(markerWithin * interval), before - 1, until);
      if (from <= to) missed.push({ after, before, from, to, count: 1, interval });
    }
    return missed;
  }

  #lacks(
    key: string,
    replica: ReplicaScrapes,
    others: readonly ReplicaScrapes[],
    until: number,
    kind: (target: TargetScrapes) => readonly ScrapeRun[],
  ): MissedScrapes[] {
    const of = (one: ReplicaScrapes) => {
      const target = one.targets.get(key);
      return target ? kind(target) : [];
    };
    const own = of(replica);
    const runs = others.reduce<readonly ScrapeRun[]>((joined, other) => {
      const more = this.#going.has(other)
        ? goneOn(of(other), other.targets.get(key), other.known, until)
        : of(other);
      return joined.length === 0 ? more : joinRuns(joined, more, this.#allowed);
    }, []);
    return isWhole(own, runs) ? [] : missedScrapes(own, runs, this.#allowed, until);
  }
}

/** The runs after which a marker says that the target has left: few targets have any. */
function leftAfter(target: TargetScrapes | undefined): ScrapeRun[] {
  return target?.marked ? allRuns(target).filter(({ to }) => target.marked?.get(to)) : [];
}

/**
 * Runs of which the last one goes on from where the replica is known to, if it reached that, until a time when others are known.
 * @param target whose runs they are
 */
function goneOn(
  runs: readonly ScrapeRun[],
  target: TargetScrapes | undefined,
  known: TimeRange | undefined,
  until: number,
): readonly ScrapeRun[] {
  const last = runs.at(-1);
  if (!last || !target || !known || known.to >= until) return runs;
  // it was reached no more, or scraped no more
  const hasEnded =
    last.to < (allRuns(target).at(-1)?.to ?? last.to) || known.to - last.to > reaches * last.interval;
  const to = Math.floor(until - unstored * last.interval);
  return hasEnded || to <= last.to ? runs : [...runs.slice(0, -1), { ...last, to }];
}

/** What comes before what is known is not known yet, unless there is nothing. */
function isKnown(missed: MissedScrapes, replica: ReplicaScrapes, known: TimeRange): boolean {
  if (replica.isComplete) return true;
  return missed.to >= known.from + missed.interval || missed.from < (replica.oldest ?? -Infinity);
}

const isWithin = (one: MissedScrapes, other: MissedScrapes): boolean =>
  one.from >= other.from && one.to <= other.to;

/** Nearly all targets: scraped by both all the time. */
function isWhole(own: readonly ScrapeRun[], others: readonly ScrapeRun[]): boolean {
  const [mine] = own;
  const [theirs] = others;
  if (own.length !== 1 || others.length !== 1 || !mine || !theirs) return false;
  return mine.from <= theirs.from && mine.to >= theirs.to;
}
