import { untilElapsed } from "../harness/until.ts";
import type { FleetCluster } from "./fleet-cluster.ts";

/** Looks again and again whether of some shard no server is ready. */
export class PairWatch {
  readonly #fleet: FleetCluster;
  readonly #over = new AbortController();
  readonly #running: Promise<void>;
  looks = 0;
  /** When, and of which shard. */
  readonly down: string[] = [];

  constructor(fleet: FleetCluster) {
    this.#fleet = fleet;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      // while the API server is away nobody can tell
      const pods = await this.#fleet.pods("server").catch(() => undefined);
      if (pods) {
        this.looks++;
        const shards = new Map<string, boolean>();
        for (const { metadata, status } of pods) {
          const shard = metadata.labels["promfleet.dev/shard"] ?? "";
          const ready =
            status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
          shards.set(shard, (shards.get(shard) ?? false) || ready);
        }
        for (const [shard, up] of shards)
          if (!up) this.down.push(`shard ${shard} at ${new Date().toISOString()}`);
      }
      await untilElapsed(200);
    }
  }
}
