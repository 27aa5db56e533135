import { Pool } from "undici";
import { quantile } from "../e2e/harness/load.ts";
import type { Target, Targets } from "./bed.ts";
import { WrongAnswer, checkAnswers } from "./paired-timing.ts";
import { type Question, pathOf } from "./questions.ts";

export interface Throughput {
  perSecond: number;
  /** ms */
  p50: number;
  p99: number;
}

export interface ThroughputOptions {
  connections: number;
  /** For each target, in as many slices of one second each. */
  seconds: number;
}

/** How many questions a second each target answers while so many connections ask all the time. @throws WrongAnswer */
export async function measureThroughput(
  targets: Targets,
  questions: readonly Question[],
  { connections, seconds }: ThroughputOptions,
): Promise<Throughput[]> {
  for (const question of questions) await checkAnswers(targets, question);
  const loads = targets.map((target) => new Load(target, questions, connections));
  // warm
  for (const load of loads) await load.run(0.5);
  for (const load of loads) load.forget();
  for (let slice = 0; slice < seconds; slice++) {
    const first = slice % loads.length;
    for (const load of [...loads.slice(first), ...loads.slice(0, first)]) await load.run(1);
  }
  for (const load of loads) await load.close();
  return loads.map((load) => load.throughput);
}

/** Connections that ask one target. */
class Load {
  readonly #target: Target;
  readonly #paths: readonly string[];
  readonly #pool: Pool;
  readonly #connections: number;
  #latencies: number[] = [];
  #elapsedMs = 0;
  #next = 0;

  constructor(target: Target, questions: readonly Question[], connections: number) {
    this.#target = target;
    this.#paths = questions.map(pathOf);
    this.#pool = new Pool(target.url, { connections, pipelining: 1 });
    this.#connections = connections;
  }

  async run(seconds: number): Promise<void> {
    const began = performance.now();
    const until = began + seconds * 1000;
    await Promise.all(
      Array.from({ length: this.#connections }, async () => {
        while (performance.now() < until) await this.#askOnce();
      }),
    );
    this.#elapsedMs += performance.now() - began;
  }

  forget(): void {
    this.#latencies = [];
    this.#elapsedMs = 0;
  }

  get throughput(): Throughput {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return {
      perSecond: (sorted.length / this.#elapsedMs) * 1000,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
    };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #askOnce(): Promise<void> {
    const path = this.#paths[this.#next++ % this.#paths.length] ?? "/";
    const began = performance.now();
    const { statusCode, body } = await this.#pool.request({ path, method: "GET" });
    const text = await body.text();
    this.#latencies.push(performance.now() - began);
    // one series of one sample: what it is was checked before
    if (statusCode === 200 && text.includes('"value":[')) return;
    throw new WrongAnswer(`${this.#target.name} answers ${path} under load with ${statusCode}: ${text}`);
  }
}
