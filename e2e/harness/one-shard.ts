import { httpAgent } from "../../src/gateway/fetch/http-client.ts";
import { LiveFetcher } from "../../src/gateway/fetch/live-fetcher.ts";
import type { KnownReplica } from "../../src/gateway/router/known-replica.ts";
import { LiveRouter } from "../../src/gateway/router/live-router.ts";
import { type WatchTimes, watchTimes } from "../../src/gateway/router/replica-watch.ts";
import { parseTopology } from "../../src/topology/parse-topology.ts";
import type { Topology } from "../../src/topology/topology.ts";

export interface ShardServer {
  url: string;
  externalLabels?: Record<string, string>;
}

/** A router and a fetcher for one shard, "0", of servers a, b, c in this order. */
export class OneShard {
  readonly router: LiveRouter;
  readonly fetcher: LiveFetcher;
  /** What the router had to say. */
  readonly said: string[] = [];
  readonly #dispatcher = httpAgent({ connections: null, pipelining: 1, connect: { timeout: 1000 } });

  private constructor(servers: readonly ShardServer[], times: Partial<WatchTimes>) {
    this.router = new LiveRouter({
      topology: oneShardTopology(servers),
      say: (sentence) => this.said.push(sentence),
      times: { ...watchTimes, ...times },
    });
    this.fetcher = new LiveFetcher(this.router, this.#dispatcher);
  }

  /** Waits until each server was looked at once. */
  static async start(servers: readonly ShardServer[], times: Partial<WatchTimes> = {}): Promise<OneShard> {
    const shard = new OneShard(servers, times);
    await shard.router.firstLook();
    return shard;
  }

  /** Of the replicas, best first. */
  get names(): string[] {
    return this.router.candidates("0").map(({ name }) => name);
  }

  replica(name: string): KnownReplica {
    const found = this.router.candidates("0").find((one) => one.name === name);
    if (!found) throw new Error(`there is no replica ${name}`);
    return found;
  }

  async close(): Promise<void> {
    await this.router.close();
    await this.#dispatcher.destroy();
  }
}

export function oneShardTopology(servers: readonly ShardServer[]): Topology {
  const replicas = servers.map((server, index) => ({ name: "abc"[index], ...server }));
  return parseTopology(JSON.stringify({ shards: [{ id: "0", replicas }] }), "topology.json");
}
