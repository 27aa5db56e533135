import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HistogramSeries, remoteWriteHistograms } from "../../e2e/harness/histogram-samples.ts";
import { type PrometheusServer, startPrometheus } from "../../e2e/harness/prometheus-server.ts";
import { type WrittenSeries, remoteWrite } from "../../e2e/harness/remote-write.ts";
import { Workplace } from "../../e2e/harness/workplace.ts";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { describeKey } from "../remote-read/label-key.ts";
import type { HealedServer } from "./healed-server.ts";
import { type HealOutcome, healServer } from "./heal-server.ts";
import { ProtoReader } from "../remote-read/proto-reader.ts";
import { type EncodedSample, samplesOf } from "./series-samples.ts";
import { ServerSamples } from "./server-samples.ts";

const interval = 15_000;
const count = 60;
const end = Date.now() - 60_000;
const start = end - (count - 1) * interval;
/** The two scrape at moments of their own. */
const phase = { a: 0, b: 6000 };
type Replica = keyof typeof phase;
const scrape = (replica: Replica, index: number) => start + phase[replica] + index * interval;

/** What a replica has at its scrape of a number; undefined where it has nothing. */
type Value = (index: number, replica: Replica) => string | undefined;
const whole: Value = (index) => String(index * 10.1);
const isAway = (index: number) => index >= 20 && index < 35;
const missedByA: Value = (index, replica) =>
  replica === "a" && isAway(index) ? undefined : whole(index, replica);

/** `from` is the first scrape of which the replica a lacks the series, `to` the one after the last. */
interface Case {
  name: string;
  labels: Record<string, string>;
  value: Value;
  copied: readonly (readonly [from: number, to: number])[];
}

const app = (name: string, instance = "1") => ({ __name__: name, instance, job: "app" });
const cases: Case[] = [
  { name: "up", labels: app("up"), value: (index, on) => missedByA(index, on) && "1", copied: [[20, 35]] },
  { name: "a series of the target", labels: app("m"), value: missedByA, copied: [[20, 35]] },
  {
    name: "a series that ended while the replica was away, with its stale marker",
    labels: app("ended"),
    value: (index, on) => (index > 26 ? undefined : index === 26 ? "stale" : missedByA(index, on)),
    copied: [[20, 27]],
  },
  {
    name: "a series that came and went while the replica was away",
    labels: app("passing"),
    value: (index, on) => (on === "a" || index < 24 || index > 29 ? undefined : index === 29 ? "stale" : "7"),
    copied: [[24, 30]],
  },
  {
    name: "a series that began while the replica was away",
    labels: app("begun"),
    value: (index, on) => (index < 25 ? undefined : missedByA(index, on)),
    copied: [[25, 35]],
  },
  {
    name: "a series of which the replica has data of its own in the hole",
    labels: app("own"),
    value: (index, on) => (on === "a" && isAway(index) && (index < 24 || index > 28) ? undefined : "3"),
    copied: [
      [20, 24],
      [29, 35],
    ],
  },
  {
    name: "up of a target that was down for one of them",
    labels: app("up", "2"),
    value: (index, on) => (on === "a" && index >= 40 && index < 50 ? "0" : "1"),
    copied: [],
  },
  {
    name: "a series of a target that was down for one of them",
    labels: app("m", "2"),
    value: (index, on) =>
      on === "b" || index < 40 || index >= 50 ? whole(index, on) : index === 40 ? "stale" : undefined,
    copied: [[41, 50]],
  },
  {
    name: "what a rule has recorded",
    labels: { __name__: "job:m:sum", job: "app" },
    value: missedByA,
    copied: [[20, 35]],
  },
  { name: "an alert", labels: { __name__: "ALERTS", alertname: "A" }, value: missedByA, copied: [[20, 35]] },
];
// while the second target was there, nobody else was: only so it is an outage
for (const one of cases)
  if (one.labels["instance"] === "2") {
    const { value } = one;
    one.value = (index, on) => (on === "a" && isAway(index) ? undefined : value(index, on));
    one.copied = [[20, 35], ...one.copied];
  }

function written(replica: Replica): WrittenSeries[] {
  return cases.map(({ labels, value }) => ({
    labels,
    samples: Array.from({ length: count }, (_, index) => index).flatMap((index) => {
      const found = value(index, replica);
      return found === undefined ? [] : [[scrape(replica, index), found] as const];
    }),
  }));
}

function histograms(replica: Replica): HistogramSeries[] {
  const samples = Array.from({ length: count }, (_, index) => index)
    .filter((index) => replica === "b" || !isAway(index))
    .map((index) => [scrape(replica, index), 4 * index] as const);
  return [{ labels: app("h"), samples }];
}

/** A sample to the bit, but for the hint of a histogram: whether it was reset is what the chunk that it lies in knows of the one before. */
function valueOf({ bytes, isHistogram }: EncodedSample): string {
  if (!isHistogram) return bytes.toString("hex");
  const field = new ProtoReader(bytes);
  field.next();
  const reader = field.message();
  let found = "";
  for (let from = reader.position; reader.next(); from = reader.position) {
    reader.skip();
    if (reader.field !== resetHint) found += bytes.toString("hex", from, reader.position);
  }
  return found;
}
const resetHint = 14;

/** Whether a time is away from all that a replica has scraped itself. */
const away = (samples: Map<number, string>, time: number) =>
  ![...samples.keys()].some(
    (own) => Math.abs(own - time) <= interval / 2 && (own - start) % interval === phase.a,
  );

const external = { cluster: "eu" };

describe.each(["3.16", "2.42"])("Prometheus %s", (version) => {
  const features = prometheusFeatures(`${version}.0`);
  const lateHistograms = features.lateSamples === "all";
  const terms = { windowMs: 7_200_000, lateHistograms, externalLabels: external };
  const place = new Workplace("heal");
  const reader = new ServerSamples(external, 1, new AbortController().signal);
  let partner: HealedServer;
  let next = 0;
  const running: PrometheusServer[] = [];

  async function server(replica: Replica): Promise<HealedServer> {
    const started = await startPrometheus({
      folder: place.path(`${replica}-${next++}`),
      version,
      config: `global: {external_labels: {cluster: eu}}\nstorage: {tsdb: {out_of_order_time_window: 2h}}\n`,
      flags: ["--web.enable-remote-write-receiver"],
    });
    running.push(started);
    await remoteWrite(started.url, written(replica));
    if (lateHistograms) await remoteWriteHistograms(started.url, histograms(replica));
    return { name: replica, url: started.url };
  }

  /** Of each series its samples: time and bytes. */
  async function contentOf({ url, name }: HealedServer): Promise<Map<string, Map<number, string>>> {
    const range = { from: start - interval, to: end + interval };
    const all = await reader.read({ url, name }, [{ op: "!=", name: "__name__", value: "" }], range);
    return new Map(
      all.map(({ key, content }) => {
        const samples = samplesOf(content);
        const found = new Map(samples.map((sample) => [sample.time, valueOf(sample)]));
        if (found.size !== samples.length) throw new Error(`${describeKey(key)} has a sample twice`);
        return [describeKey(key), found];
      }),
    );
  }

  async function heal(one: HealedServer, signal = new AbortController().signal): Promise<HealOutcome> {
    return await healServer({ server: one, partner, terms, now: Date.now(), share: 1, signal });
  }

  /** What a replica should have afterwards: what it had, and what it lacks from the partner, to the bit. */
  function expected(
    before: Map<string, Map<number, string>>,
    theirs: Map<string, Map<number, string>>,
  ): Map<string, Map<number, string>> {
    const all = lateHistograms ? [...cases, { labels: app("h"), copied: [[20, 35]] as const }] : cases;
    return new Map(
      all.map(({ labels, copied }) => {
        const key = `{${Object.entries(labels)
          .map(([name, value]) => `${name}="${value}"`)
          .join(", ")}}`;
        const samples = new Map(before.get(key) ?? []);
        for (const [from, to] of copied)
          for (let index = from; index < to; index++) {
            const time = scrape("b", index);
            // the last one stands within the guard of none of them: 9 s before the next
            const bytes = theirs.get(key)?.get(time);
            if (bytes !== undefined && away(samples, time)) samples.set(time, bytes);
          }
        return [key, new Map([...samples].toSorted(([left], [right]) => left - right))];
      }),
    );
  }

  beforeAll(async () => {
    partner = await server("b");
  }, 60_000);

  afterAll(async () => {
    reader.close();
    for (const { process } of running) await process.kill();
    await place[Symbol.asyncDispose]();
  });

  test("what a replica missed is copied to the bit, and what it has of its own stays alone", async () => {
    const one = await server("a");
    const [before, theirs] = [await contentOf(one), await contentOf(partner)];
    const outcome = await heal(one);
    expect(await contentOf(one)).toEqual(expected(before, theirs));
    expect(outcome.samples).toBeGreaterThan(100);
    expect(outcome.refusedHistograms).toBe(0);
    // once more there is nothing to do
    expect(await heal(one)).toMatchObject({ samples: 0 });
    expect(await contentOf(partner)).toEqual(theirs);
  }, 60_000);

  test.each(lateHistograms ? ["partner"] : [])(
    "whose native histograms, which the %s has, would be refused does not look whole",
    async () => {
      const one = await server("a");
      const [before, theirs] = [await contentOf(one), await contentOf(partner)];
      const options = {
        server: one,
        partner,
        now: Date.now(),
        share: 1,
        signal: new AbortController().signal,
      };
      const outcome = await healServer({ ...options, terms: { ...terms, lateHistograms: false } });
      expect(outcome.refusedHistograms).toBe(15);
      const after = expected(before, theirs);
      for (const name of ["h", "up"]) {
        const key = `{__name__="${name}", instance="1", job="app"}`;
        after.set(key, before.get(key) ?? new Map());
      }
      expect(await contentOf(one)).toEqual(after);
    },
    60_000,
  );

  test("ended at any moment, it goes on where it was", async () => {
    const one = await server("a");
    const [before, theirs] = [await contentOf(one), await contentOf(partner)];
    let ended = 0;
    for (let round = 0; round < 10; round++) {
      const abort = new AbortController();
      let writes = 0;
      const options = { server: one, partner, terms, now: Date.now(), share: 1, signal: abort.signal };
      const running = healServer({
        ...options,
        onProgress: ({ samples }) => {
          if (samples > 0 && writes++ >= round % 3) abort.abort();
        },
      });
      await running.catch(() => ended++);
    }
    await heal(one);
    expect(ended).toBeGreaterThan(1);
    expect(await contentOf(one)).toEqual(expected(before, theirs));
  }, 60_000);
});
