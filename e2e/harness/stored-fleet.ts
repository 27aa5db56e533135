import { FaultProxy } from "./fault-proxy.ts";
import { type PrometheusServer, startPrometheus } from "./prometheus-server.ts";
import { remoteWrite } from "./remote-write.ts";
import type { Workplace } from "./workplace.ts";

export interface StoredFleetOptions {
  shards: number;
  replicas: number;
  version: string;
  /** Series of the metric m on each shard. */
  series?: number;
  config?: string;
}

/** s between two samples; the last of so many is of a moment ago. */
export const stored = { interval: 15, samples: 120 };

/** Stock servers in shards, whose replicas hold the same samples, each behind something that can break what it answers. */
export interface StoredFleet {
  servers: PrometheusServer[][];
  proxies: FaultProxy[][];
  /** Of the proxies, as a topology has them. */
  urls: string[][];
  /** s since 1970: of the first and of the last sample. */
  start: number;
  end: number;
  /** Every connection is new and whole from here on. */
  mend(): void;
  close(): Promise<void>;
}

/** Starts them: `m` with `host="0-0"` (shard, number) and `up`, one sample in 15 s for half an hour. */
export async function startStoredFleet(
  workplace: Workplace,
  { shards, replicas, version, series = 5, config = "{}\n" }: StoredFleetOptions,
): Promise<StoredFleet> {
  const end = Math.floor(Date.now() / 1000) - 30;
  const start = end - (stored.samples - 1) * stored.interval;
  const times = Array.from({ length: stored.samples }, (_, at) => (start + at * stored.interval) * 1000);
  const servers = await Promise.all(
    Array.from({ length: shards }, async (_, shard) =>
      Promise.all(
        Array.from({ length: replicas }, async (__, replica) => {
          const server = await startPrometheus({
            folder: workplace.path(`server-${shard}-${replica}`),
            version,
            flags: ["--web.enable-remote-write-receiver"],
            config,
          });
          const written = Array.from({ length: series }, (___, number) => ({
            labels: { __name__: "m", host: `${shard}-${number}` },
            samples: times.map((time, at) => [time, String(Math.sin(at + number) * 100)] as const),
          }));
          const up = { __name__: "up", instance: `${shard}` };
          await remoteWrite(server.url, [
            ...written,
            { labels: up, samples: times.map((time) => [time, "1"] as const) },
          ]);
          return server;
        }),
      ),
    ),
  );
  const proxies = await Promise.all(
    servers.map((shard) => Promise.all(shard.map(({ url }) => FaultProxy.start(url)))),
  );
  return {
    servers,
    proxies,
    urls: proxies.map((shard) => shard.map(({ url }) => url)),
    start,
    end,
    mend() {
      for (const proxy of proxies.flat()) {
        proxy.fault = { kind: "none" };
        proxy.reset();
      }
    },
    async close() {
      for (const proxy of proxies.flat()) await proxy[Symbol.asyncDispose]();
      for (const { process } of servers.flat()) await process.kill();
    },
  };
}
