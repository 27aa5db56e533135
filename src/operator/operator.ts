import { createServer, type Server } from "node:http";
import type { ApiClient } from "../kubernetes/api-client.ts";
import { LeaderLease } from "../kubernetes/leader-lease.ts";
import { chooseExposition } from "../telemetry/exposition/negotiate.ts";
import type { MetricFamily } from "../telemetry/exposition/metric-family.ts";
import { ProcessMetrics } from "../telemetry/process/process-metrics.ts";
import { EventRecorder } from "./event-recorder.ts";
import { fleetMetrics } from "./fleet-metrics.ts";
import { FleetReconciler } from "./fleet-reconciler.ts";
import { WorkQueue } from "./work-queue.ts";
import { World } from "./world.ts";

export interface OperatorOptions {
  api: ApiClient;
  /** Namespaces whose fleets it looks after; undefined: all. */
  namespaces: readonly string[] | undefined;
  lease: { namespace: string; name: string };
  /** Who it is: another each time it is started. */
  identity: string;
  listen: { host: string; port: number };
  versions: { promfleet: string; prometheus: string };
  check: (declaration: string) => Promise<void>;
  say: (sentence: string) => void;
}

export interface Operator {
  /** Of its metrics and health. */
  port: number;
  /** Settles when it has lost its lease: whoever started it ends, so that nothing is done twice. */
  lost: Promise<string>;
  close(): Promise<void>;
}

/** Fleets that are worked on at once. */
const width = 4;

/** Starts the operator: it listens at once, and works as soon as it leads. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const { api, namespaces, identity, say } = options;
  const over = new AbortController();
  const counts = { reconciles: 0, failures: 0, leads: false };
  const reconcilers = new Map<string, FleetReconciler>();
  const events = new EventRecorder(api, identity);
  const queue = new WorkQueue(
    async (key, signal) => {
      counts.reconciles++;
      let reconciler = reconcilers.get(key);
      if (!reconciler) {
        reconciler = new FleetReconciler({
          api,
          world,
          key,
          versions: options.versions,
          check: options.check,
          again: () => queue.ask(key),
          say,
          tell: async (...about) => await events.tell(...about),
          over: over.signal,
        });
        reconcilers.set(key, reconciler);
      }
      const next = await reconciler.reconcile(signal);
      if (next === undefined) reconcilers.delete(key);
      return next;
    },
    width,
    (key, error) => {
      counts.failures++;
      say(`${key}: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
    },
  );
  const world: World = new World({
    api,
    namespaces,
    onChange: (fleet) => {
      if (counts.leads) queue.ask(fleet);
    },
    say,
  });
  const own = new ProcessMetrics(options.versions.promfleet);
  const collect = (): MetricFamily[] => [
    ...own.collect(),
    gauge("promfleet_operator_leader", "Whether it holds the lease.", Number(counts.leads)),
    gauge("promfleet_operator_queue_depth", "Fleets that wait for their turn.", queue.depth),
    // one alone tells of them: others stand by with the same knowledge
    ...(counts.leads ? fleetMetrics(world.fleets()) : []),
    counter("promfleet_operator_reconciles_total", "Reconciles of fleets.", counts.reconciles),
    counter("promfleet_operator_reconcile_failures_total", "Reconciles that failed.", counts.failures),
    {
      kind: "counter",
      name: "promfleet_operator_api_calls_total",
      help: "Calls of the API server, by verb, API group and resource as RBAC has them.",
      samples: api.calls.map(({ verb, group, resource, count }) => ({
        labels: { verb, group, resource },
        value: count,
      })),
    },
  ];
  const server = plainServer(() => world.trouble, collect);
  const port = await listen(server, options.listen);
  const lost = Promise.withResolvers<string>();
  const lease = new LeaderLease({ api, ...options.lease, identity });
  const running = lead().catch((error: unknown) => {
    if (!over.signal.aborted) lost.resolve(error instanceof Error ? error.message : String(error));
  });

  async function lead(): Promise<void> {
    // whoever stands by knows everything already
    const watching = world.run(over.signal);
    let told = "";
    await lease.take(over.signal, (why) => {
      if (why !== told) say(`waits to lead: ${why.split("\n")[0] ?? ""}`);
      told = why;
    });
    say("leads");
    const held = lease.hold(over.signal);
    await Promise.race([world.synced, held]);
    counts.leads = true;
    for (const { metadata } of world.fleets()) queue.ask(`${metadata.namespace ?? ""}/${metadata.name}`);
    const why = await held;
    counts.leads = false;
    lost.resolve(why);
    await watching;
  }

  return {
    port,
    lost: lost.promise,
    async close() {
      counts.leads = false;
      await queue.stop();
      over.abort(new Error("the operator is being stopped"));
      await running;
      await lease.release();
      own.stop();
      server.closeAllConnections();
      server.close();
      await api.close();
    },
  };
}

function plainServer(trouble: () => string | undefined, collect: () => MetricFamily[]): Server {
  return createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const say = (status: number, body: string | Buffer, type = "text/plain; charset=utf-8") => {
      response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    if (request.method !== "GET" && request.method !== "HEAD") return say(405, "GET and HEAD only.\n");
    if (path === "/-/healthy") return say(200, "The operator is healthy.\n");
    if (path === "/-/ready") {
      const why = trouble();
      return why === undefined
        ? say(200, "The operator is ready.\n")
        : say(503, `The operator is not ready: ${why}.\n`);
    }
    if (path === "/metrics") {
      const exposition = chooseExposition(request.headers.accept);
      return say(200, exposition.write(collect()), exposition.contentType);
    }
    return say(404, "There is /metrics, /-/healthy and /-/ready.\n");
  });
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  const address = server.address();
  return typeof address === "object" && address ? address.port : port;
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { kind: "gauge", name, help, samples: [{ labels: {}, value }] };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { kind: "counter", name, help, samples: [{ labels: {}, value }] };
}
