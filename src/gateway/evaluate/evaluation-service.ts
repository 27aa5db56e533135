import { httpAgent } from "../fetch/http-client.ts";
import { noCoverage } from "../coverage/coverage-index.ts";
import { ShardSources } from "../coverage/shard-sources.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { Way } from "../planner/query-request.ts";
import type { ReadCounts, ReadLimits } from "../read/read-answering.ts";
import { startReadListener } from "../read/read-listener.ts";
import type { Router } from "../router/router.ts";
import { createEvaluateWay } from "./evaluate-way.ts";
import type { Evaluator, EvaluatorStarter } from "./evaluator.ts";
import { QueryRegistry } from "./query-registry.ts";
import { ReadAdmission } from "./read-admission.ts";
import { ReadBudget } from "./read-budget.ts";

export interface EvaluationOptions {
  router: Router;
  fetcher: ShardFetcher;
  /** Which replica gives what; left out: all are taken for whole. */
  sources?: ShardSources;
  /** Called once the read listener stands. */
  startEvaluator: EvaluatorStarter;
  /** Reads that may be open at once at each server; asked of the servers themselves where it is left out. */
  readRoom?: number;
  /** Bytes of answers that one query with more selectors than that may hold. */
  spoolBytes?: number;
  limits?: Partial<ReadLimits>;
  /** The port of the read listener, for an evaluator that outlives the gateway; any where it is left out. */
  readPort?: number;
}

/** Way 4 with all that belongs to it. */
export interface Evaluation {
  way: Way;
  evaluator: Evaluator;
  /** What all reads share. */
  admission: ReadAdmission;
  /** The evaluator's remote_read endpoint. */
  readUrl: string;
  /** For /metrics. */
  state(): EvaluationState;
  close(): Promise<void>;
}

export interface EvaluationState {
  evaluator: Evaluator["state"];
  /** Queries that the evaluator is working on. */
  queries: number;
  /** Reads that have room at each server, that are taken by queries, and queries waiting for room. */
  reads: { room: number; used: number; waiting: number };
  counts: ReadCounts;
}

const defaultSpoolBytes = 64 * 1024 ** 2;

/** Starts the read listener and the evaluator that reads from it. */
export async function startEvaluation(options: EvaluationOptions): Promise<Evaluation> {
  const { router, fetcher } = options;
  const dispatcher = httpAgent({ connections: null, pipelining: 1 });
  const registry = new QueryRegistry();
  const sources = options.sources ?? new ShardSources(router, noCoverage);
  const budget = new ReadBudget(router, dispatcher);
  const admission = new ReadAdmission(
    () => options.readRoom ?? budget.current,
    options.spoolBytes ?? defaultSpoolBytes,
  );
  const listener = await startReadListener({
    router,
    fetcher,
    find: (id) => registry.find(id),
    ...(options.limits && { limits: options.limits }),
    ...(options.readPort !== undefined && { port: options.readPort }),
  });
  const evaluator = await options.startEvaluator(listener.url).catch(async (error: unknown) => {
    await listener.close();
    throw error;
  });
  return {
    way: createEvaluateWay({
      evaluator,
      registry,
      admission,
      sources,
      topology: () => router.topology,
      dispatcher,
    }),
    evaluator,
    admission,
    readUrl: listener.url,
    state: () => ({
      evaluator: evaluator.state,
      queries: registry.size,
      reads: admission.state,
      counts: { ...listener.counts },
    }),
    async close() {
      await evaluator.close();
      await listener.close();
      await dispatcher.destroy();
    },
  };
}
