import { mkdir } from "node:fs/promises";
import { storeFlags } from "../conformance/sharded-samples.ts";
import { type FurtherKeys, type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { api } from "../harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../harness/prometheus-server.ts";
import { Random } from "../harness/random.ts";
import { until } from "../harness/until.ts";
import type { Workplace } from "../harness/workplace.ts";
import type { ScrapedSeries } from "../histories/target-samples.ts";
import { metricsOfNoTarget } from "./fleet-series.ts";
import { shardCount, shardOf } from "./shard-of.ts";
import { inOrderOfLabels, shuffled, writeSeries } from "./write-series.ts";

/** Functions that are still tried out need a flag, in 3.16. */
const experimental = "promql-experimental-functions";
/** References beside the first. */
const others = 3;

/** What a gateway's topology tells of where series are: nothing, or all. */
export type Telling = "little" | "all";

/** References with every series, and a fleet of shards that share them. */
export class SuiteBed implements AsyncDisposable {
  /** The first one got its series in the order in which an evaluator gets them, the others in any. */
  readonly references: readonly string[];
  readonly #shards: readonly string[];
  readonly #processes: PrometheusServer["process"][];
  readonly #folder: (name: string) => Promise<string>;
  readonly #version: string;
  #gateways = 0;

  private constructor(
    references: readonly PrometheusServer[],
    shards: readonly PrometheusServer[],
    folder: (name: string) => Promise<string>,
    version: string,
  ) {
    this.references = references.map(({ url }) => url);
    this.#shards = shards.map(({ url }) => url);
    this.#processes = [...references, ...shards].map(({ process }) => process);
    this.#folder = folder;
    this.#version = version;
  }

  /** @param name of a folder of its own in the workplace */
  static async start(
    place: Workplace,
    name: string,
    version: string,
    series: readonly ScrapedSeries[],
  ): Promise<SuiteBed> {
    const random = new Random(series.length);
    const folder = async (own: string) => {
      const path = place.path(name, own);
      await mkdir(path, { recursive: true });
      return path;
    };
    const server = async (own: string, stored: readonly ScrapedSeries[]) => {
      const started = await startPrometheus({
        folder: await folder(own),
        version,
        config: "{}\n",
        flags: [...storeFlags, ...enabled(version).map((feature) => `--enable-feature=${feature}`)],
      });
      await writeSeries(started.url, stored);
      return started;
    };
    const sorted = inOrderOfLabels(series);
    const orders = [sorted, ...Array.from({ length: others }, () => shuffled(sorted, random))];
    const ids = Array.from({ length: shardCount }, (_, shard) => String(shard));
    const [references, shards] = await Promise.all([
      Promise.all(orders.map(async (order, at) => await server(`reference-${at}`, order))),
      Promise.all(
        ids.map(async (id) => {
          const own = sorted.filter(({ labels }) => shardOf(labels) === id);
          return await server(`shard-${id}`, own);
        }),
      ),
    ]);
    return new SuiteBed(references, shards, folder, version);
  }

  /** Starts a gateway that knows what the shards have. @param shards how many of them it knows of */
  async gateway(telling: Telling, shards = shardCount): Promise<GatewayAlone> {
    const evaluator = { enableFeatures: enabled(this.#version) };
    const told: FurtherKeys =
      telling === "all"
        ? { evenSlots: true, spreadByInstance: { exceptJobs: [], exceptMetrics: [...metricsOfNoTarget] } }
        : {};
    const gateway = await startGateway(
      await this.#folder(`gateway-${this.#gateways++}`),
      this.#shards.slice(0, shards).map((url) => [url]),
      this.#version,
      { evaluator, ...told },
    );
    this.#processes.push(gateway.process);
    await until(
      "the gateway knows what each shard has",
      60_000,
      async () =>
        (await api<{ complete: boolean }>(gateway.url, "coverage", { start: "0", end: "1" })).complete,
    );
    return gateway;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#processes) await process.kill();
  }
}

const enabled = (version: string): string[] => (version.startsWith("2.") ? [] : [experimental]);
