import { likelyInterval } from "../coverage/scrape-run.ts";
import type { EncodedSeries } from "../remote-read/encoded-series.ts";
import { keyHasLabel, labelInKey } from "../remote-read/label-key.ts";
import { regexOfAny } from "../remote-read/quote-regex.ts";
import type { ReadMatcher } from "../remote-read/read-request.ts";
import type { Outage, TargetHole } from "./find-holes.ts";
import type { HealProgress } from "./heal-progress.ts";
import type { HealedServer, TimeRange } from "./healed-server.ts";
import { guardOf, lackingSamples } from "./lacking-samples.ts";
import { type EncodedSample, largestValue, samplesOf } from "./series-samples.ts";
import { TooMuchAtOnce } from "../remote-read/samples-read.ts";
import type { ServerSamples } from "./server-samples.ts";
import { type SeriesToWrite, writeRequests } from "./write-requests.ts";

/** How long what is copied at once is, in intervals: it grows and shrinks with the samples that come. */
const slice = { first: 64, shortest: 8, longest: 512 };
/** Samples that are copied at once. */
const few = 5000;
const many = 40_000;
/** How much is read around a slice, in intervals, to see what stands next to it. */
const around = 2.5;
/** ms; rules are evaluated at least so often, or what they yield is no series that a query would show as one. */
const longestRuleInterval = 120_000;

const nameIs = (name: string) => labelInKey("__name__", name);
const up = nameIs("up");
const scrapeDuration = nameIs("scrape_duration_seconds");

/** How the samples of a series are told apart from those that it lacks. */
type IntervalOf = (theirs: readonly EncodedSample[]) => { interval: number; guard: number };

/** Copies into a server what it lacks of a partner's series. */
export class HoleFiller {
  readonly #samples: ServerSamples;
  readonly #server: HealedServer;
  readonly #partner: HealedServer;
  readonly #lateHistograms: boolean;
  readonly #progress: HealProgress;
  readonly #tell: () => void;

  /** @param progress is counted up as samples are written */
  constructor(
    samples: ServerSamples,
    server: HealedServer,
    partner: HealedServer,
    lateHistograms: boolean,
    progress: HealProgress,
    tell: () => void,
  ) {
    this.#samples = samples;
    this.#server = server;
    this.#partner = partner;
    this.#lateHistograms = lateHistograms;
    this.#progress = progress;
    this.#tell = tell;
  }

  /** All series that have a target's job and instance. @throws PromfleetError HEAL_FAILED; MalformedData; the signal's reason */
  async fillTarget(hole: TargetHole): Promise<void> {
    const matchers: ReadMatcher[] = [
      { op: "=", name: "job", value: hole.job },
      { op: "=", name: "instance", value: hole.instance },
    ];
    const written = new Set<string>();
    await this.#inSlices(hole, hole.interval, async (part) => {
      const theirs = await this.#samples.read(this.#partner, matchers, part);
      const durations = theirs.filter(({ key }) => keyHasLabel(key, scrapeDuration));
      const slowest = 1000 * Math.max(0, ...durations.map(({ content }) => largestValue(samplesOf(content))));
      const terms = { interval: hole.interval, guard: guardOf(hole.interval, slowest) };
      return await this.#copy(matchers, theirs, part, around * hole.interval, () => terms, written);
    });
  }

  /**
   * The series without a target, of which a server that scraped nobody has nothing either: what rules have recorded, alerts, what was
   * pushed. @throws as fillTarget
   */
  async fillOutage(
    outage: Outage,
    instances: ReadonlyMap<string, ReadonlySet<string>>,
    now: number,
  ): Promise<void> {
    const written = new Set<string>();
    const intervalOf: IntervalOf = (theirs) => {
      const told = likelyInterval(
        theirs.map(({ time }) => time),
        0,
        0,
      );
      const interval = Math.min(told || outage.interval, longestRuleInterval);
      return { interval, guard: guardOf(interval, 0) };
    };
    // the first evaluation comes a while after the first scrape
    const range = { from: outage.from, to: Math.min(outage.to + longestRuleInterval, now) };
    for (const matchers of withoutTargets(instances))
      await this.#inSlices(range, longestRuleInterval, async (part) => {
        const theirs = await this.#samples.read(this.#partner, matchers, part);
        return await this.#copy(
          matchers,
          theirs,
          part,
          around * longestRuleInterval,
          intervalOf,
          written,
          (interval, times) => {
            // a rule that was not evaluated yet will be at any moment
            const isBack = (times.at(-1) ?? 0) > outage.to || now > outage.to + 2 * interval;
            return isBack ? outage.to + interval : outage.to;
          },
        );
      });
  }

  /** @param copy gives back how many samples there were */
  async #inSlices(
    range: TimeRange,
    interval: number,
    copy: (part: TimeRange) => Promise<number>,
  ): Promise<void> {
    let intervals = slice.first;
    for (let from = range.from; from <= range.to;) {
      // what is left over would be too short to be found again, were it left behind
      const rest = (range.to - from) / interval;
      const to = rest < intervals + slice.shortest ? range.to : Math.floor(from + intervals * interval) - 1;
      try {
        const count = await copy({ from, to });
        if (count > many) intervals = Math.max(slice.shortest, intervals / 2);
        else if (count < few) intervals = Math.min(slice.longest, intervals * 2);
        from = to + 1;
      } catch (error) {
        if (!(error instanceof TooMuchAtOnce) || intervals <= slice.shortest) throw error;
        intervals = Math.max(slice.shortest, Math.floor(intervals / 4));
      }
    }
  }

  /**
   * Writes what the server lacks in a part, `up` last: while that is missing, everything is looked at again. Where native histograms
   * would be refused it stays missing.
   * @param until ms up to which a series is copied, by its interval and the times of its own samples
   * @returns how many samples the partner has
   */
  async #copy(
    matchers: readonly ReadMatcher[],
    theirs: readonly EncodedSeries[],
    part: TimeRange,
    margin: number,
    intervalOf: IntervalOf,
    written: Set<string>,
    until?: (interval: number, own: readonly number[]) => number,
  ): Promise<number> {
    if (theirs.length === 0) return 0;
    const own = new Map<string, number[]>();
    const wide = { from: part.from - margin, to: part.to + margin };
    for (const { key, content } of await this.#samples.read(this.#server, matchers, wide))
      own.set(
        key,
        samplesOf(content).map(({ time }) => time),
      );
    const [before, after]: [SeriesToWrite[], SeriesToWrite[]] = [[], []];
    let [count, refused] = [0, 0];
    for (const { key, labels, content } of theirs) {
      const all = samplesOf(content);
      count += all.length;
      const { interval, guard } = intervalOf(all);
      const times = own.get(key) ?? [];
      const range = until ? { from: part.from, to: Math.min(part.to, until(interval, times)) } : part;
      const lacking = lackingSamples(times, all, { range, interval, guard });
      const samples = this.#lateHistograms ? lacking : lacking.filter(({ isHistogram }) => !isHistogram);
      refused += lacking.length - samples.length;
      if (samples.length === 0) continue;
      (keyHasLabel(key, up) ? after : before).push({ labels, samples });
      if (!written.has(key)) this.#progress.series++;
      written.add(key);
    }
    this.#progress.refusedHistograms += refused;
    // who lacks some for good must not look whole
    for (const list of refused > 0 ? [before] : [before, after])
      for (const { message, samples } of writeRequests(list)) {
        await this.#samples.write(this.#server, message);
        this.#progress.samples += samples;
        this.#tell();
      }
    return count;
  }
}

/** Selectors that together match every series that belongs to none of the targets, each once. */
function withoutTargets(instances: ReadonlyMap<string, ReadonlySet<string>>): ReadMatcher[][] {
  const jobs = [...instances.keys()].toSorted();
  // a read needs a matcher that does not match the empty label
  const named: ReadMatcher = { op: "!=", name: "__name__", value: "" };
  return [
    [named, { op: "!~", name: "job", value: regexOfAny(jobs) }],
    ...jobs.map((job): ReadMatcher[] => [
      named,
      { op: "=", name: "job", value: job },
      { op: "!~", name: "instance", value: regexOfAny(instances.get(job) ?? []) },
    ]),
  ];
}
