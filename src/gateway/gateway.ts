import path from "node:path";
import { AccessLog } from "./access/access-log.ts";
import { logStream } from "./access/log-stream.ts";
import { CoverageIndex } from "./coverage/coverage-index.ts";
import type { CoverageStore } from "./coverage/coverage-store.ts";
import { ShardSources } from "./coverage/shard-sources.ts";
import { connectTimeout, httpAgent } from "./fetch/http-client.ts";
import { ProcessMetrics } from "../telemetry/process/process-metrics.ts";
import type { Topology } from "../topology/topology.ts";
import { type Evaluation, startEvaluation } from "./evaluate/evaluation-service.ts";
import type { EvaluatorStarter } from "./evaluate/evaluator.ts";
import { LiveFetcher } from "./fetch/live-fetcher.ts";
import { AnswersOnTheirWay } from "./limits/answers-on-their-way.ts";
import { RequestAdmission } from "./limits/request-admission.ts";
import { WorkingCeiling } from "./limits/working-ceiling.ts";
import { fleetMetrics } from "./metrics/fleet-metrics.ts";
import { tlsMetrics } from "./metrics/tls-metrics.ts";
import { RequestMetrics } from "./metrics/request-metrics.ts";
import { FleetReads } from "./reads/fleet-reads.ts";
import { Tenancy } from "./tenancy/tenancy.ts";
import { TlsFollower } from "./tls/tls-follower.ts";
import { TlsGate } from "./tls/tls-gate.ts";
import { gatewayTracing } from "./tracing/gateway-tracing.ts";
import { LiveRouter } from "./router/live-router.ts";
import { GatewayServer } from "./server.ts";
import { TopologyFollower } from "./topology-follower.ts";

export interface GatewayOptions {
  /** Followed as long as the gateway runs. */
  topologyFile: string;
  /** What the file holds. */
  topology: Topology;
  listen: { host: string; port: number };
  startEvaluator: EvaluatorStarter;
  /** Port of the endpoint that the evaluator reads from; any where left out. */
  readPort?: number | undefined;
  /** Where what is known of the replicas is kept; left out: nowhere. */
  coverage?: CoverageStore | undefined;
  /** Of promfleet. */
  version: string;
  /** Where a receiver of traces may be named; left out: nowhere. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Told of everything that a person would want to read later, one sentence. */
  say: (sentence: string) => void;
}

export interface Gateway {
  port: number;
  /** The evaluator's remote_read endpoint. */
  readUrl: string;
  /** Finishes the answers on their way and ends the evaluator. */
  close(): Promise<void>;
}

/** ms */
const times = { farewell: 20_000, firstCoverage: 2000 };
/** The descriptor that the access log goes to. */
const stderr = 2;
/** What clients that read slowly may hold of a process that is to stay small. */
const answersLimits = { bytes: 16 * 1024 ** 2, answers: 12, patience: 5000, shortPatience: 2000 };

/** Starts the gateway. @throws PromfleetError PORT_TAKEN, LISTEN_FAILED, TLS_UNUSABLE, and whatever the evaluator's start throws */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { topology, say } = options;
  const router = new LiveRouter({ topology, say, folder: path.dirname(options.topologyFile) });
  const { authorization } = router;
  // without a bound on connections: reads of one query wait for each other
  const dispatcher = httpAgent(
    { connections: null, pipelining: 1, connect: { timeout: connectTimeout } },
    authorization,
  );
  let coverage: CoverageIndex | undefined;
  const sources = new ShardSources(router, { holes: (replica) => coverage?.holes(replica) ?? [] });
  const fetcher = new LiveFetcher(router, dispatcher, { authorization });
  const metrics = new RequestMetrics();
  const admission = new RequestAdmission(() => router.topology.limits, undefined, new WorkingCeiling());
  const tenancy = new Tenancy(() => router.topology);
  const answers = new AnswersOnTheirWay(answersLimits);
  const accessLog = new AccessLog(
    () => router.topology.accessLog,
    () => logStream(stderr),
  );
  const tracing = gatewayTracing(options.env ?? {}, topology.tracing, options.version, say);
  const own = new ProcessMetrics(options.version);
  let evaluation: Evaluation | undefined;
  let follower: TopologyFollower | undefined;
  const gate = new TlsGate();
  let tls: TlsFollower | undefined;
  const close = async () => {
    follower?.stop();
    tls?.stop();
    await evaluation?.close();
    await coverage?.close();
    await router.close();
    own.stop();
    await tracing?.close();
    await dispatcher.destroy();
  };
  try {
    // before anything that takes its time: nothing can be done without
    tls = await TlsFollower.start({
      declared: () => router.topology.tls,
      folder: path.dirname(options.topologyFile),
      use: (files) => gate.use(files),
      say,
    });
    const { readPort, startEvaluator } = options;
    const started = await startEvaluation({
      router,
      fetcher,
      startEvaluator,
      sources,
      ...(readPort !== undefined && { readPort }),
    });
    evaluation = started;
    await router.firstLook();
    coverage = await CoverageIndex.start(
      { router, dispatcher, store: options.coverage, say },
      times.firstCoverage,
    );
    const index = coverage;
    const readiness = new Readiness(() => started.evaluator.state === "ready");
    const server = new GatewayServer({
      context: {
        router,
        fetcher,
        sources,
        coverage: index,
        evaluate: started.way,
        took: (way) => metrics.took(way),
        reads: new FleetReads({ router }, sources, started.admission),
      },
      admission,
      tenancy,
      tls: gate,
      answers,
      metrics,
      accessLog,
      tracing,
      collect: () => [
        ...metrics.collect(),
        ...tenancy.collect(),
        ...tlsMetrics(gate.state, tls?.objection === undefined),
        ...fleetMetrics({
          router,
          evaluation: started.state(),
          fetches: fetcher.counts,
          requests: admission.state,
          answers: answers.state,
          connections: server.connections,
          inFlight: server.inFlight,
          lines: accessLog.state,
          spans: tracing?.state,
          coverage: index,
          topologyGood: follower?.objection === undefined,
        }),
        ...own.collect(),
      ],
      notReady: () =>
        readiness.isReady ? undefined : (started.evaluator.objection ?? "its evaluator is being started"),
      say,
    });
    const port = await server.listen(options.listen.host, options.listen.port);
    follower = new TopologyFollower(options.topologyFile, topology, (next) => router.follow(next), say);
    return {
      port,
      readUrl: started.readUrl,
      async close() {
        await server.close(times.farewell);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Once ready, always ready: a gateway without its evaluator, or without a shard, still says better than anybody what is wrong. */
class Readiness {
  readonly #look: () => boolean;
  #was = false;

  constructor(look: () => boolean) {
    this.#look = look;
  }

  get isReady(): boolean {
    this.#was ||= this.#look();
    return this.#was;
  }
}
