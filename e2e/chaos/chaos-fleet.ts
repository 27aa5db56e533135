import { readFileSync } from "node:fs";
import { FaultProxy } from "../harness/fault-proxy.ts";
import { vector } from "../harness/http.ts";
import { start } from "../harness/processes.ts";
import { type PrometheusServer, startPrometheus } from "../harness/prometheus-server.ts";
import { promfleetProgram } from "../harness/promfleet.ts";
import { until } from "../harness/until.ts";
import type { Workplace } from "../harness/workplace.ts";

/** s */
export const times = { scrape: 1, lookback: 4 };

const targetsOfShard = 2;
const shards = 2;

/** A server that scrapes, behind a proxy that keeps its address when it is started again. */
export class ChaosReplica {
  readonly shard: number;
  readonly name: string;
  readonly proxy: FaultProxy;
  readonly #start: () => Promise<PrometheusServer>;
  #server: PrometheusServer;
  /** ms since 1970 of the end of the last fault that made it miss scrapes. */
  missedUntil = 0;
  /** Faults that are being done to it at once. */
  faults = 0;

  constructor(
    shard: number,
    name: string,
    server: PrometheusServer,
    proxy: FaultProxy,
    startAgain: () => Promise<PrometheusServer>,
  ) {
    this.shard = shard;
    this.name = name;
    this.proxy = proxy;
    this.#server = server;
    this.#start = startAgain;
  }

  /** Its own URL, past the proxy. */
  get url(): string {
    return this.#server.url;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.#server.process.pid, name);
  }

  /** Ends it, with SIGTERM or SIGKILL, and waits until it is gone. */
  async end(name: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.signal(name);
    await this.#server.process.ended;
  }

  /** With the data that it had. */
  async startAgain(): Promise<void> {
    this.#server = await this.#start();
    this.proxy.target = this.#server.url;
  }

  /** Waits until it answers and has scraped every target since. */
  async untilGood(): Promise<void> {
    const since = Date.now() / 1000;
    await until(`replica ${this.shard}${this.name} scrapes`, 30_000, async () => {
      const newest = await vector(this.url, "min(timestamp(up))");
      return Number(newest[0]?.value[1] ?? 0) > since;
    });
  }
}

/** Two shards of two servers that scrape demo exporters every second. */
export async function startChaosFleet(
  place: Workplace,
  version: string,
  random: () => number,
): Promise<ChaosReplica[]> {
  const targets = await startExporters(place, shards * targetsOfShard);
  const replicas = Array.from({ length: shards * 2 }, async (_, index) => {
    const shard = Math.floor(index / 2);
    const name = "ab".charAt(index % 2);
    const mine = targets.slice(shard * targetsOfShard, (shard + 1) * targetsOfShard);
    let starts = 0;
    const startOne = async () =>
      await startPrometheus({
        folder: place.path(`${shard}${name}`),
        log: place.path(`${shard}${name}-${starts++}.log`),
        version,
        config: scrapeConfig(mine),
        flags: [`--query.lookback-delta=${times.lookback}s`, "--storage.remote.read-concurrent-limit=1024"],
      });
    const server = await startOne();
    const proxy = await FaultProxy.start(server.url, random);
    return new ChaosReplica(shard, name, server, proxy, startOne);
  });
  return await Promise.all(replicas);
}

/** @returns their addresses */
async function startExporters(place: Workplace, count: number): Promise<string[]> {
  const [out, log] = [place.path("exporter.out"), place.path("exporter.log")];
  start(promfleetProgram, ["demo-exporter", "--instances", String(count), "-o", "json"], { out, log });
  const ports = await until("the exporters listen", 20_000, () => {
    const text = readFileSync(out, "utf8");
    return text.includes("\n") && (JSON.parse(text) as { ports: number[] }).ports;
  });
  return ports.map((port) => `127.0.0.1:${port}`);
}

function scrapeConfig(targets: readonly string[]): string {
  return `global: {scrape_interval: ${times.scrape}s, scrape_timeout: ${times.scrape}s, evaluation_interval: 1m}
scrape_configs: [{job_name: demo, static_configs: [{targets: ${JSON.stringify(targets)}}]}]
`;
}
