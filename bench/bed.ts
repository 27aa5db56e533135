import { mkdir } from "node:fs/promises";
import { type FurtherKeys, startGateway } from "../e2e/harness/gateway-alone.ts";
import { startPrometheus } from "../e2e/harness/prometheus-server.ts";
import { remoteWrite, type WrittenSeries } from "../e2e/harness/remote-write.ts";
import { startThanos } from "../e2e/harness/thanos.ts";
import type { Workplace } from "../e2e/harness/workplace.ts";
import { seriesOfInstance, seriesPerInstance, shardOf } from "./series.ts";

/** What is asked and timed: a column of the table. */
export interface Target {
  name: string;
  /** What stands behind the name, for the lines above the table. */
  what: string;
  url: string;
  /** Set for what promfleet's own memory is measured of: gateways. */
  pid?: number;
  /** Name of what it is compared with; the first where it is left out. */
  base?: string;
  /** It knows nothing of labels beyond its own storage: only queries are asked of it. */
  queriesOnly?: true;
  /** Its series have labels besides: those of the servers that it reads from. */
  adds?: readonly string[];
}

export interface BedOptions {
  series: number;
  shards: number;
  /** Prefix of the version. */
  prometheus: string;
}

/** The first is what the others are compared with. All have the same data. */
export type Targets = readonly [Target, ...Target[]];

/** Starts everything that is asked, and writes the series to it. */
export async function startTargets(
  place: Workplace,
  { series, shards, prometheus }: BedOptions,
): Promise<Targets> {
  const startServer = async (name: string, config = "global: {}\n") => {
    const { url } = await startPrometheus({
      folder: place.path(name),
      version: prometheus,
      config,
      flags: ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=10y"],
    });
    return url;
  };
  const direct = await startServer("direct");
  const shardUrls: string[] = [];
  for (let shard = 0; shard < shards; shard++)
    shardUrls.push(await startServer(`shard-${shard}`, labelled(shard)));
  await writeSeries(series, direct, shardUrls);
  const startGatewayOf = async (name: string, urls: readonly string[], further: FurtherKeys = {}) => {
    await mkdir(place.path(name));
    const asShards = urls.map((url) => [url]);
    const { url, pid } = await startGateway(place.path(name), asShards, prometheus, further);
    return { url, pid };
  };
  await mkdir(place.path("thanos"));
  const reader = await startPrometheus({
    folder: place.path("reader"),
    version: prometheus,
    config: `${JSON.stringify({ remote_read: shardUrls.map((url) => ({ url: `${url}/api/v1/read`, read_recent: true })) })}\n`,
  });
  return [
    { name: "direct", what: "one Prometheus that has everything", url: direct },
    {
      name: "pass",
      what: "the gateway in front of that same Prometheus, one shard",
      ...(await startGatewayOf("gateway-of-one", [direct])),
    },
    {
      name: "reader",
      what: `a stock Prometheus that reads from the ${shards} shards directly, by remote_read`,
      url: reader.url,
      queriesOnly: true,
      adds: ["shard", "replica"],
    },
    {
      name: "evaluate",
      base: "reader",
      what: `the gateway in front of the ${shards} shards, which is told that series may be on several of them: nothing but the evaluator`,
      ...(await startGatewayOf("gateway-that-evaluates", shardUrls, { onEveryShard: ["nowhere"] })),
    },
    {
      name: "thanos",
      what: `Thanos Query in front of the ${shards} shards, each with a sidecar`,
      url: await startThanos(place.path("thanos"), shardUrls, ["shard", "replica"]),
      queriesOnly: true,
    },
    {
      name: "gateway",
      base: "thanos",
      what: `the gateway in front of the ${shards} shards, as promfleet runs it`,
      ...(await startGatewayOf("gateway-of-shards", shardUrls, { spreadByInstance: {}, evenSlots: true })),
    },
  ];
}

/** External labels: Thanos wants them. */
const labelled = (shard: number): string => `global: {external_labels: {shard: "${shard}", replica: "a"}}\n`;

/** Instances that are made before they are written, as JavaScript objects: the samples of all of them would take gigabytes. */
const batch = 10;

async function writeSeries(series: number, direct: string, shards: readonly string[]): Promise<void> {
  const instances = series / seriesPerInstance;
  for (let from = 0; from < instances; from += batch) {
    const all: WrittenSeries[] = [];
    const parts: WrittenSeries[][] = shards.map(() => []);
    for (let instance = from; instance < Math.min(from + batch, instances); instance++) {
      const made = seriesOfInstance(instance);
      all.push(...made);
      parts[shardOf(instance, shards.length)]?.push(...made);
    }
    await remoteWrite(direct, all);
    for (const [shard, url] of shards.entries()) await remoteWrite(url, parts[shard] ?? []);
  }
}
