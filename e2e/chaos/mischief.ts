import { rename, writeFile } from "node:fs/promises";
import { type GatewayAlone, evaluators, topologyText } from "../harness/gateway-alone.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { metricsPage } from "../harness/gateway-metrics.ts";
import type { ChaosReplica } from "./chaos-fleet.ts";
import { replicaFaults } from "./replica-faults.ts";
import { reach } from "./questions.ts";
import type { Random } from "../harness/random.ts";

export interface MischiefOptions {
  replicas: readonly ChaosReplica[];
  gateway: GatewayAlone;
  /** Text of the topology, of these replicas. */
  topology: Parameters<typeof topologyText>;
  random: Random;
  /** s of the run. */
  now: () => number;
  /** s between two faults of the evaluator. */
  evaluatorEvery: number;
  /** Whether it is stopped as well as killed. */
  stopEvaluator: boolean;
}

/** ms between two faults. */
const pauses = { least: 300, most: 1500 };

/** Breaks things at random for as long as it is let; of each shard one replica is good at any time. */
export class Mischief {
  /** "at 3.2 s 0a killed". */
  readonly log: string[] = [];
  readonly counts = new Map<string, number>();
  readonly #options: MischiefOptions;
  readonly #over = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(options: MischiefOptions) {
    this.#options = options;
    const shards = [...new Set(options.replicas.map(({ shard }) => shard))];
    this.#running = Promise.all([
      ...shards.map(async (shard) => await this.#breakShard(shard)),
      this.#breakEvaluator(),
      this.#rewriteTopology(),
    ]);
  }

  /** Everything is whole again when it resolves. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  #note(what: string, kind: string): void {
    this.log.push(`at ${this.#options.now().toFixed(1)} s ${what} ${kind}`);
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }

  async #breakShard(shard: number): Promise<void> {
    const { random } = this.#options;
    const mine = this.#options.replicas.filter((replica) => replica.shard === shard);
    while (!this.#over.signal.aborted) {
      await untilElapsed(random.between(pauses.least, pauses.most));
      // what a replica has missed can be seen in answers for a while: the other one has to be good for as long
      const free = mine.filter((replica) =>
        mine.every(
          (other) =>
            other === replica || (other.faults === 0 && Date.now() - other.missedUntil > reach * 1000),
        ),
      );
      if (free.length === 0) continue;
      const replica = random.pick(free);
      const fault = random.pick(replicaFaults);
      this.#note(`${shard}${replica.name}`, fault.kind);
      replica.faults++;
      try {
        await fault.strike(replica, random);
        await replica.untilGood();
      } finally {
        replica.faults--;
      }
      if (fault.misses) replica.missedUntil = Date.now();
    }
  }

  async #breakEvaluator(): Promise<void> {
    const { random, evaluatorEvery, stopEvaluator, now, gateway } = this.#options;
    let next = evaluatorEvery / 2;
    while (!this.#over.signal.aborted) {
      if (now() < next) {
        await untilElapsed(100);
        continue;
      }
      next += evaluatorEvery;
      const [pid] = evaluators(gateway);
      if (pid === undefined) continue;
      const stops = stopEvaluator && random.next() < 0.3;
      this.#note("evaluator", stops ? "stopped" : "killed");
      process.kill(pid, stops ? "SIGSTOP" : "SIGKILL");
      await until("another evaluator runs", 30_000, async () => {
        const page = await metricsPage(gateway.url);
        return evaluators(gateway)[0] !== pid && page.includes("promfleet_gateway_evaluator_up 1");
      });
    }
  }

  /** The same servers in another order, or one replica fewer for a while where the other one is good. */
  async #rewriteTopology(): Promise<void> {
    const { random, replicas, topology, gateway } = this.#options;
    const whole = topologyText(...topology);
    while (!this.#over.signal.aborted) {
      await untilElapsed(random.between(1000, 4000));
      const replica = random.pick(replicas);
      const partners = replicas.filter((one) => one.shard === replica.shard && one !== replica);
      const isFree =
        replica.faults === 0 &&
        partners.every((one) => one.faults === 0 && Date.now() - one.missedUntil > reach * 1000);
      if (isFree && random.next() < 0.6) {
        this.#note(`${replica.shard}${replica.name}`, "taken out of the topology");
        replica.faults++;
        await rewrite(
          gateway.topologyFile,
          changed(whole, (all) => all.filter(({ url }) => url !== replica.proxy.url)),
        );
        await untilElapsed(random.between(500, 2500));
        await rewrite(gateway.topologyFile, whole);
        // until the file has been looked at, and the replica too
        await until("the replica is well", 10_000, async () => {
          const page = await metricsPage(gateway.url);
          const up = [...page.matchAll(/^promfleet_gateway_replica_up\{.*\} (\d)$/gm)];
          return up.length === replicas.length;
        });
        replica.faults--;
      } else {
        this.#note("topology", "written anew");
        await rewrite(
          gateway.topologyFile,
          random.next() < 0.5 ? whole : changed(whole, (all) => all.toReversed()),
        );
      }
    }
  }
}

type Listed = readonly { name: string; url: string }[];

/** The topology with other replicas, each under the name that it has. */
function changed(text: string, change: (replicas: Listed) => Listed): string {
  const topology = JSON.parse(text) as { shards: { replicas: Listed }[] };
  const shards = topology.shards.map((shard) => ({ ...shard, replicas: change(shard.replicas) }));
  return JSON.stringify({ ...topology, shards });
}

/** As whoever writes it does: whole, or not at all. */
async function rewrite(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
