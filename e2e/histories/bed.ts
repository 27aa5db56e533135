import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { remoteWriteHistograms } from "../harness/histogram-samples.ts";
import { api } from "../harness/http.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import { inOrderOfLabels, writeSeries } from "../random-suite/write-series.ts";
import { until } from "../harness/until.ts";
import type { Workplace } from "../harness/workplace.ts";
import { type History, type ReplicaName, historyEvery, shardCount } from "./history.ts";
import { allSamples, replicaSamples } from "./replica-samples.ts";
import { type Sample, type ScrapedSeries, type TargetSamples, written } from "./target-samples.ts";

/** When the first history begins, s since 1970; on the hour. */
const beginning = 1_794_160_800;
/** How long before that the reference has a sample of each series, s: nothing looks back so far. */
const before = 6 * 3600;
const replicaNames: readonly ReplicaName[] = ["a", "b"];

/** Functions that are still tried out need a flag, in 3.16. */
const feature = "promql-experimental-functions";
const flags = [
  `--enable-feature=${feature}`,
  "--web.enable-remote-write-receiver",
  "--storage.tsdb.retention.time=10y",
  "--storage.remote.read-concurrent-limit=1024",
];

/** The reference keeps all in its head, where series are in the order in which they have come. */
const unblocked = ["--storage.tsdb.min-block-duration=2000h", "--storage.tsdb.max-block-duration=2000h"];

/** A history in its place on the servers. */
export interface PlacedHistory {
  history: History;
  /** s since 1970 at which it begins. */
  base: number;
}

/** Servers that hold histories, one after the other in time: a reference that has every sample, and pairs that do not. */
export class HistoryBed {
  readonly reference: string;
  /** URLs by shard and replica. */
  readonly fleet: readonly (readonly string[])[];
  readonly #place: Workplace;
  readonly #version: string;
  #histories = 0;
  #gateways = 0;

  private constructor(
    place: Workplace,
    version: string,
    reference: string,
    fleet: readonly (readonly string[])[],
  ) {
    this.reference = reference;
    this.fleet = fleet;
    this.#place = place;
    this.#version = version;
  }

  static async start(place: Workplace, version: string): Promise<HistoryBed> {
    const server = async (name: string, config: string, more: readonly string[] = []) =>
      (await startPrometheus({ folder: place.path(name), version, config, flags: [...flags, ...more] })).url;
    const shards = Array.from({ length: shardCount }, (_, shard) => shard);
    const [reference, ...fleet] = await Promise.all([
      server("reference", "{}\n", unblocked),
      ...shards.flatMap((shard) =>
        replicaNames.map(async (replica) => await server(`${shard}-${replica}`, labelled(shard, replica))),
      ),
    ]);
    const pairs = shards.map((shard) =>
      fleet.slice(shard * replicaNames.length, (shard + 1) * replicaNames.length),
    );
    return new HistoryBed(place, version, reference, pairs);
  }

  /**
   * Has the reference know all series of some histories, in the order of their labels: that is the one in which an evaluator gets series
   * from shards, and in which the first of equal elements are chosen.
   */
  async register(histories: readonly History[]): Promise<void> {
    const known = new Map<string, ScrapedSeries>();
    for (const { series } of histories.flatMap((history) => allSamples(history, beginning)))
      for (const { labels, isNative } of series) {
        const samples: Sample[] = [[(beginning - before) * 1000, "0"]];
        known.set(JSON.stringify(labels), { labels, isNative, samples });
      }
    await writeSeries(this.reference, inOrderOfLabels([...known.values()]));
  }

  /** Writes a history behind those that are there. */
  async write(history: History): Promise<PlacedHistory> {
    const base = beginning + this.#histories++ * historyEvery;
    if (base + historyEvery > Date.now() / 1000) throw new Error("there is no time left for more histories");
    const all = allSamples(history, base);
    const replicas = this.fleet.flatMap((urls, shard) =>
      urls.map(async (url, index) => {
        const replica = replicaNames[index] ?? "a";
        await writeSamples(url, replicaSamples(all, history, base, String(shard), replica));
      }),
    );
    await Promise.all([writeSamples(this.reference, all), ...replicas]);
    return { history, base };
  }

  /** Starts a gateway that knows all that was written. @param missedScrapes in a row that it takes for no gap */
  async gateway(missedScrapes: number): Promise<GatewayAlone> {
    const folder = await this.folder(`gateway-${this.#gateways++}`);
    const gateway = await startGateway(folder, this.fleet, this.#version, {
      coverage: { missedScrapes },
      evaluator: { enableFeatures: [feature] },
    });
    await until(
      "the gateway knows what each replica has",
      300_000,
      async () =>
        (await api<{ complete: boolean }>(gateway.url, "coverage", { start: "0", end: "1" })).complete,
    );
    return gateway;
  }

  /** A folder of the check. */
  async folder(name: string): Promise<string> {
    const folder = this.#place.path(name);
    await mkdir(path.dirname(folder), { recursive: true });
    await mkdir(folder);
    return folder;
  }
}

/** External labels: Thanos wants them, and the gateway takes them off. */
const labelled = (shard: number, replica: string): string =>
  `global: {external_labels: {shard: "${shard}", replica: "${replica}"}}\n`;

async function writeSamples(url: string, samples: readonly TargetSamples[]): Promise<void> {
  const { floats, histograms } = written(samples.flatMap(({ series }) => series));
  await remoteWrite(url, floats);
  if (histograms.length > 0) await remoteWriteHistograms(url, histograms);
}
