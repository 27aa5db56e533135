import { setTimeout as pause } from "node:timers/promises";
import type { Dispatcher } from "undici";
import type { Replica } from "../router/router.ts";
import type { Hole } from "./hole.ts";
import { oldestSample } from "./oldest-sample.ts";
import { TooMuchAtOnce } from "../../remote-read/samples-read.ts";
import { type RunEnd, readEnds } from "./read-ends.ts";
import { readUp } from "./read-up.ts";
import type { ReplicaScrapes, TimeRange } from "./replica-scrapes.ts";

export interface ReplicaReaderOptions {
  replica: Replica;
  /** What is read goes in there. */
  scrapes: ReplicaScrapes;
  dispatcher: Dispatcher;
  allowed: number;
  /** ms that a query looks back. */
  lookback: () => number;
  partners: () => readonly ReplicaScrapes[];
  /** What the replica lacks, as far as it is known. */
  holes: () => readonly Hole[];
  say: (sentence: string) => void;
}

/** ms */
const minute = 60_000;
const hour = 60 * minute;
const times = {
  /** Between two looks at what is new; longer where there are many targets. */
  shortest: 1000,
  longest: 15_000,
  /** In which it is noticed that the replica has come back. */
  notice: 50,
  /** A look back at what came late: a scrape is stored when it is over, with the time of its beginning. */
  overlap: 30_000,
  /** Now and then a look goes back over so many scrapes, for as long as this at most: they show how often a target is scraped. */
  measure: { every: minute, scrapes: 7, longest: 7 * minute },
  /** Read before anything else. */
  first: 15 * minute,
  /** In which a read is to be answered; twice as long after each that was not: a server may be slow, and a connection may hang. */
  patience: { first: 2000, longest: 15_000 },
  /** Between two questions for the oldest sample. */
  oldest: minute,
  /** Between two looks at a hole, which may have been filled since; longer where it is old. */
  lookAgain: 3000,
};
/** Samples that one read is to have, about. */
const samplesAtOnce = 60_000;
const slice = { shortest: minute, longest: 12 * hour };
/** Targets for each of which a look may take a thousandth of a second longer to come. */
const perTarget = 1;
/** Holes that are looked at again in one round. */
const dueAtOnce = 20_000;
/** Ends of targets that are asked for in one round, and in one question. */
const ends = { inRound: 500, atOnce: 50 };
/** Of the time, how much reading history may take at the server. */
const share = 0.2;
/** Where a server does not tell how far its samples go back. */
const assumedRetention = 15 * 24 * hour;

/** Reads the `up` of one replica: first the last minutes, then what is new all the time, and in between its history, newest first. */
export class ReplicaReader {
  readonly scrapes: ReplicaScrapes;
  /** Settles after the first read, or the first try. */
  readonly firstLook: Promise<void>;
  /** Why the last read has failed. */
  objection: string | undefined;
  readonly #options: ReplicaReaderOptions;
  readonly #over = new AbortController();
  readonly #done: Promise<void>;
  readonly #looked = new Map<string, number>();
  #sliceMs = 30 * minute;
  #oldestAsked = Number.NEGATIVE_INFINITY;
  #measured = performance.now();
  #respondsSince: number | undefined;
  #patienceMs = times.patience.first;
  #looking = Promise.withResolvers<void>();

  constructor(options: ReplicaReaderOptions) {
    this.#options = options;
    this.scrapes = options.scrapes;
    this.firstLook = this.#looking.promise;
    this.#done = this.#run();
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      const busyMs = await this.#round();
      this.#looking.resolve();
      await this.#rest(busyMs);
    }
    this.#looking.resolve();
  }

  /** Until it is time for the next round, or the replica has come back: what it has missed is wanted at once. */
  async #rest(ms: number): Promise<void> {
    const { signal } = this.#over;
    const until = performance.now() + ms;
    while (!signal.aborted && performance.now() < until) {
      const { respondsSince } = this.#options.replica;
      if (
        respondsSince !== undefined &&
        respondsSince !== this.#respondsSince &&
        this.objection === undefined
      )
        return;
      const left = Math.max(0, until - performance.now());
      await pause(Math.min(times.notice, left), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** @returns ms until the next */
  async #round(): Promise<number> {
    const { replica } = this.#options;
    const { respondsSince } = replica;
    if (respondsSince === undefined) return times.notice;
    try {
      if (respondsSince !== this.#respondsSince) this.#oldestAsked = Number.NEGATIVE_INFINITY;
      await this.#askForOldest();
      await this.#lookForNew();
      this.#respondsSince = respondsSince;
      const due = this.#dueHoles();
      await this.#lookAgain(due.filter(({ markerOf }) => markerOf === undefined));
      await this.#askForEnds(due);
      this.objection = undefined;
      this.#patienceMs = times.patience.first;
      return await this.#readHistory(performance.now() + this.#interval());
    } catch (error) {
      if (!this.#over.signal.aborted) this.objection = error instanceof Error ? error.message : String(error);
      this.#patienceMs = Math.min(times.patience.longest, 2 * this.#patienceMs);
      return times.shortest;
    }
  }

  #interval(): number {
    const byTargets = this.scrapes.targets.size * perTarget;
    return Math.min(times.longest, Math.max(times.shortest, byTargets));
  }

  async #askForOldest(): Promise<void> {
    // one that has just begun will soon have samples
    const isNew = this.scrapes.oldest === Number.POSITIVE_INFINITY;
    if (!isNew && performance.now() - this.#oldestAsked < times.oldest) return;
    const oldest = await oldestSample(this.#options.dispatcher, this.#options.replica, this.#patience());
    this.#oldestAsked = performance.now();
    this.scrapes.setOldest(oldest ?? Date.now() - assumedRetention);
  }

  async #lookForNew(): Promise<void> {
    const now = Date.now();
    const known = this.scrapes.known;
    const from = known ? Math.min(known.to, now) - this.#overlap() : now - times.first;
    await this.#readAll({ from, to: now });
  }

  #overlap(): number {
    const { every, scrapes, longest } = times.measure;
    if (performance.now() - this.#measured < every) return times.overlap;
    this.#measured = performance.now();
    return Math.max(times.overlap, Math.min(longest, scrapes * this.scrapes.longestInterval));
  }

  /**
   * Holes may have been filled from the other replica since: the end of each is looked at, and the whole where there is something. Those
   * that are old are looked at less often.
   */
  async #lookAgain(due: readonly Hole[]): Promise<void> {
    const stretches: TimeRange[] = [];
    for (const { to, interval } of due.toSorted((left, right) => left.to - right.to)) {
      const end = { from: to - 2 * interval, to: to + interval };
      const last = stretches.at(-1);
      if (last && end.from <= last.to) last.to = Math.max(last.to, end.to);
      else stretches.push(end);
    }
    for (const end of stretches) await this.#readAll(end);
    const left = new Set(this.#options.holes().map(nameOf));
    const filled = due.filter((hole) => !left.has(nameOf(hole)));
    if (filled.length === 0) return;
    await this.#readAll({
      from: Math.min(...filled.map(({ from, interval }) => from - interval)),
      to: Math.max(...filled.map(({ to, interval }) => to + interval)),
    });
  }

  /**
   * Whether targets have left, and their markers are there.
   * @param due markers among them that it lacked, and may have been given since
   */
  async #askForEnds(due: readonly Hole[]): Promise<void> {
    const { dispatcher, replica, lookback } = this.#options;
    const lacked = due.flatMap(({ markerOf, after, to }): RunEnd[] =>
      markerOf === undefined ? [] : [{ key: markerOf, end: after, at: to }],
    );
    const open = [...lacked, ...this.scrapes.unmarked(ends.inRound, lookback())];
    for (let at = 0; at < open.length && !this.#over.signal.aborted; at += ends.atOnce) {
      const some = open.slice(at, at + ends.atOnce);
      const seen = await readEnds(dispatcher, replica, some, this.#patience());
      for (const end of some) this.scrapes.mark(end, !seen.has(end));
    }
  }

  #dueHoles(): Hole[] {
    const now = Date.now();
    const holes = this.#options.holes();
    const due: Hole[] = [];
    // the newest first: who has just come back is healed soon
    for (const hole of holes.toSorted((left, right) => right.to - left.to)) {
      const name = nameOf(hole);
      const age = Math.max(0, now - hole.to);
      if (now - (this.#looked.get(name) ?? 0) < Math.max(times.lookAgain, age / 20)) continue;
      this.#looked.set(name, now);
      due.push(hole);
      if (due.length >= dueAtOnce) break;
    }
    if (this.#looked.size > 2 * holes.length + 1000) this.#looked.clear();
    return due;
  }

  /** Goes on with the history until a time, at the pace that spares the server. @returns ms until the next round */
  async #readHistory(until: number): Promise<number> {
    while (!this.scrapes.isComplete && !this.#over.signal.aborted) {
      const known = this.scrapes.known;
      if (!known) break;
      const to = known.from;
      const oldest = this.scrapes.oldest ?? to;
      const began = performance.now();
      const samples = await this.#read(
        { from: Math.max(oldest - 1, to - this.#sliceMs), to },
        this.#patience(times.patience.longest),
      );
      const took = performance.now() - began;
      if (samples !== undefined) {
        const wanted = this.#sliceMs * Math.min(2, Math.max(0.5, samplesAtOnce / Math.max(1, samples)));
        this.#sliceMs = Math.min(slice.longest, Math.max(slice.shortest, wanted));
      }
      const rest = took / share - took;
      if (performance.now() + rest > until) return Math.max(0, until - performance.now());
      await pause(rest, undefined, { signal: this.#over.signal, ref: false });
    }
    return Math.max(0, until - performance.now());
  }

  /** Reads a stretch in as many pieces as it needs, oldest first. */
  async #readAll({ from, to }: TimeRange): Promise<void> {
    for (let begin = from; begin <= to && !this.#over.signal.aborted;) {
      const end = Math.min(to, begin + Math.max(this.#sliceMs, times.overlap));
      if ((await this.#read({ from: begin, to: end })) !== undefined) begin = end + 1;
    }
  }

  /** @returns how many samples there were; undefined where it was too much at once, and less is to be asked for */
  async #read(range: TimeRange, patience = this.#patience()): Promise<number | undefined> {
    const { dispatcher, replica, allowed, partners } = this.#options;
    try {
      const found = await readUp(dispatcher, replica, range, patience);
      this.scrapes.add(found, range, allowed, partners());
      return found.reduce((sum, { times: good, bad }) => sum + good.length + bad.length, 0);
    } catch (error) {
      if (!(error instanceof TooMuchAtOnce) || this.#sliceMs <= slice.shortest) throw error;
      this.#sliceMs = Math.max(slice.shortest, this.#sliceMs / 4);
      return undefined;
    }
  }

  #patience(ms = this.#patienceMs): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(ms), this.#over.signal]);
  }
}

function nameOf({ target, after, before, markerOf = "" }: Hole): string {
  if (target === "all") return "";
  return `${target.job}\u0000${target.instance}\u0000${after}\u0000${before}\u0000${markerOf}`;
}
