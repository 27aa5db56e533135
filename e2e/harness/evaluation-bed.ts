import { readFile } from "node:fs/promises";
import path from "node:path";
import { Agent, request } from "undici";
import { type Evaluation, startEvaluation } from "../../src/gateway/evaluate/evaluation-service.ts";
import type { EvaluationOptions } from "../../src/gateway/evaluate/evaluation-service.ts";
import type { Evaluator } from "../../src/gateway/evaluate/evaluator.ts";
import {
  ShardLost,
  type ShardFetcher,
  type ShardRequest,
  type ShardResponse,
} from "../../src/gateway/fetch/shard-fetcher.ts";
import type { QueryRequest } from "../../src/gateway/planner/query-request.ts";
import type { Replica, Router } from "../../src/gateway/router/router.ts";
import { type PrometheusFeatures, prometheusFeatures } from "../../src/plan/prometheus-version.ts";
import { parse } from "../../src/promql/parse.ts";
import { renderEvaluator } from "../../src/render/render-evaluator.ts";
import type { Topology } from "../../src/topology/topology.ts";
import { isAlive } from "./processes.ts";
import { type PrometheusServer, startPrometheus } from "./prometheus-server.ts";
import type { Workplace } from "./workplace.ts";

/** A replica of a shard of the bed. */
export interface BedReplica {
  /** Where it is asked: a server, or something in front of one. */
  url: string;
  externalLabels?: Record<string, string>;
}

export interface BedOptions {
  /** By shard, by replica. */
  shards: readonly (readonly BedReplica[])[];
  /** Of the evaluator. */
  version: string;
  /** What the evaluator is taken for, where that is not its version. */
  features?: Partial<PrometheusFeatures>;
  onEveryShard?: readonly string[];
  evaluation?: Partial<EvaluationOptions>;
  evaluatorFlags?: readonly string[];
}

/** Way 4 alone, with the least of a router and a fetcher: replicas in order, those that failed last. */
export class EvaluationBed implements AsyncDisposable {
  readonly evaluation: Evaluation;
  readonly router: PlainRouter;
  readonly evaluator: RestartedEvaluator;

  private constructor(evaluation: Evaluation, router: PlainRouter, evaluator: RestartedEvaluator) {
    this.evaluation = evaluation;
    this.router = router;
    this.evaluator = evaluator;
  }

  static async start(workplace: Workplace, options: BedOptions): Promise<EvaluationBed> {
    const router = new PlainRouter(options);
    let evaluator: RestartedEvaluator | undefined;
    const evaluation = await startEvaluation({
      router,
      fetcher: new PlainFetcher(router),
      startEvaluator: async (readUrl) => {
        evaluator = await RestartedEvaluator.start(workplace, options, readUrl);
        return evaluator;
      },
      ...options.evaluation,
    });
    if (!evaluator) throw new Error("no evaluator was started");
    return new EvaluationBed(evaluation, router, evaluator);
  }

  /** Answers a query by way 4. */
  async query(
    params: Record<string, string>,
    signal: AbortSignal = AbortSignal.timeout(60_000),
  ): Promise<{ status: number; body: string }> {
    const answer = await this.evaluation.way(queryRequest(params), signal);
    if (answer.body instanceof Uint8Array)
      return { status: answer.status, body: Buffer.from(answer.body).toString() };
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body as AsyncIterable<Buffer>) chunks.push(chunk);
    return { status: answer.status, body: Buffer.concat(chunks).toString() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.evaluation.close();
    await this.router.dispatcher.destroy();
  }
}

/** The request that the gateway's front makes of these parameters. */
export function queryRequest(params: Record<string, string>): QueryRequest {
  const query = params["query"] ?? "";
  return {
    kind: params["step"] === undefined ? "instant" : "range",
    query,
    expression: parse(query),
    evaluated: {
      start: ms(params["start"] ?? params["time"]),
      end: ms(params["end"] ?? params["time"]),
      step: params["step"] === undefined ? undefined : Number(params["step"]) * 1000,
      lookback: undefined,
    },
    params: Object.entries(params),
    acceptEncoding: "",
    timeoutMs: 60_000,
    partial: undefined,
    exact: false,
  };
}

const ms = (seconds: string | undefined): number => Number(seconds) * 1000;

export class PlainRouter implements Router {
  readonly topology: Topology;
  readonly dispatcher = new Agent();
  readonly ill = new Set<Replica>();
  readonly #shards = new Map<string, Replica[]>();

  constructor({ shards, onEveryShard = [] }: BedOptions) {
    for (const [index, replicas] of shards.entries()) {
      const shard = String(index);
      this.#shards.set(
        shard,
        replicas.map(({ url, externalLabels = {} }, at) => {
          const name = "abc".charAt(at);
          return {
            shard,
            name,
            server: `bed-${shard}-${name}`,
            url,
            externalLabels,
            features: undefined,
            isWell: true,
            respondsSince: 0,
          };
        }),
      );
    }
    // the rest of a topology is nothing to way 4
    this.topology = { onEveryShard, evaluator: { lookback: "5m" } } as unknown as Topology;
  }

  shardIds(): readonly string[] {
    return [...this.#shards.keys()];
  }

  candidates(shard: string): readonly Replica[] {
    const all = this.#shards.get(shard) ?? [];
    return [...all.filter((one) => !this.ill.has(one)), ...all.filter((one) => this.ill.has(one))];
  }

  use(): never {
    throw new Error("nobody uses this here");
  }
}

export class PlainFetcher implements ShardFetcher {
  readonly #router: PlainRouter;

  constructor(router: PlainRouter) {
    this.#router = router;
  }

  async fetch(shard: string, asked: ShardRequest, signal: AbortSignal): Promise<ShardResponse> {
    const candidates = this.#router.candidates(shard);
    const attempts: { server: string; reason: string }[] = [];
    for (const replica of asked.choose?.(candidates) ?? candidates) {
      try {
        const answer = await request(replica.url + asked.path, {
          dispatcher: this.#router.dispatcher,
          method: asked.method,
          headers: asked.headers,
          body: asked.body === undefined ? null : Buffer.from(asked.body),
          signal,
        });
        if (answer.statusCode >= 500) {
          attempts.push({ server: replica.server, reason: (await answer.body.text()).trim() });
          this.#router.ill.add(replica);
          continue;
        }
        answer.body.on("error", () => {
          if (!signal.aborted) this.#router.ill.add(replica);
        });
        return { replica, status: answer.statusCode, headers: answer.headers, body: answer.body };
      } catch (error) {
        signal.throwIfAborted();
        this.#router.ill.add(replica);
        attempts.push({
          server: replica.server,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
    throw new ShardLost(shard, attempts);
  }
}

/** Evaluators started by this process: each has a folder of its own. */
let evaluators = 0;

/** A stock evaluator that is started again when somebody suspects it and it is dead. */
class RestartedEvaluator implements Evaluator {
  state: Evaluator["state"] = "starting";
  #server: Promise<PrometheusServer>;
  readonly #start: () => Promise<PrometheusServer>;
  readonly #features: PrometheusFeatures;
  #folder = "";

  private constructor(workplace: Workplace, options: BedOptions, readUrl: string, version: string) {
    const features = prometheusFeatures(version);
    this.#features = { ...features, ...options.features };
    const { config } = renderEvaluator({
      readUrl,
      evaluator: { evaluationInterval: "1m", lookback: "5m", maxSamples: 50_000_000, enableFeatures: [] },
      timeoutMs: 120_000,
      concurrency: 20,
      features,
      configFile: "",
      dataDir: "",
      listenAddress: "",
    });
    this.#start = async () => {
      this.state = "starting";
      this.#folder = workplace.path(`evaluator-${++evaluators}`);
      const server = await startPrometheus({
        folder: this.#folder,
        version: options.version,
        config,
        flags: options.evaluatorFlags ?? [],
      });
      this.state = "ready";
      return server;
    };
    this.#server = this.#start();
  }

  static async start(
    workplace: Workplace,
    options: BedOptions,
    readUrl: string,
  ): Promise<RestartedEvaluator> {
    const evaluator = new RestartedEvaluator(workplace, options, readUrl, options.version);
    await evaluator.#server;
    return evaluator;
  }

  async ready(signal: AbortSignal): Promise<{ url: string; features: PrometheusFeatures }> {
    const { promise, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    const { url } = await Promise.race([this.#server, promise]);
    return { url, features: this.#features };
  }

  suspect(): void {
    if (this.state !== "ready") return;
    this.#server = this.#server.then((server) => (isAlive(server.process.pid) ? server : this.#start()));
  }

  /** What it has logged since it was last started. */
  async log(): Promise<string> {
    return await readFile(path.join(this.#folder, "log"), "utf8");
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const { process } = await this.#server;
    await process.kill();
  }

  async close(): Promise<void> {
    await this.kill();
  }
}
