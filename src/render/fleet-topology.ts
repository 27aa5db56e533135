import path from "node:path";
import type { FleetPlan } from "../plan/fleet-plan.ts";
import { spreadByInstance } from "../plan/spread-by-instance.ts";
import { withTlsFiles } from "../spec/gateway-tls.ts";
import { printTopology } from "../topology/print-topology.ts";
import type { ServerAuth, Topology } from "../topology/topology.ts";
import type { RenderedFile } from "./rendered-file.ts";
import { contentHash } from "./rule-files.ts";
import { evaluationInterval } from "./server-config.ts";

/** Where the servers answer: base URLs without a trailing slash, by server name. */
export type Addresses = ReadonlyMap<string, string>;

/** The program that the servers run, and the evaluator with them: the same query has the same answer only from the same version. */
export interface EvaluatorProgram {
  /** Path; undefined: the gateway finds one itself. */
  binary: string | undefined;
  version: string | undefined;
}

export interface TopologyExtras {
  /** Whether slots have changed hands within the retention: then the owner of a slot does not have all of its series. */
  moved?: boolean;
  /** Absolute: what file names in the spec are relative to. Undefined where it names none. */
  baseDir?: string;
  /** What the servers ask of the gateway. */
  serverAuth?: ServerAuth | undefined;
}

/**
 * What the gateway is told of a fleet. Its version is a hash of all else.
 */
export function fleetTopology(
  plan: FleetPlan,
  addresses: Addresses,
  program: EvaluatorProgram,
  { moved = false, baseDir = "/", serverAuth }: TopologyExtras = {},
): Topology {
  const { spec } = plan;
  const rest = {
    fleet: spec.name,
    shards: plan.shards.map(({ id, slots }) => ({
      id,
      replicas: plan.servers
        .filter((server) => server.shard === id)
        .map((server) => ({
          name: server.replica,
          server: server.name,
          url: addressOf(server.name, addresses),
          externalLabels: spec.prometheus.externalLabels,
        })),
      slots,
    })),
    onEveryShard: spec.scrapeConfigs.filter((job) => job.onEveryShard).map((job) => job.jobName),
    spreadByInstance: moved ? undefined : spreadByInstance(spec),
    limits: spec.gateway.limits,
    tls: spec.gateway.tls && withTlsFiles(spec.gateway.tls, (file) => path.resolve(baseDir, file)),
    serverAuth,
    auth: spec.gateway.auth,
    tenants: spec.gateway.tenants,
    coverage: spec.gateway.coverage,
    accessLog: spec.gateway.accessLog,
    tracing: spec.gateway.tracing,
    evaluator: {
      ...program,
      evaluationInterval: evaluationInterval(spec),
      lookback: spec.evaluator.lookback,
      maxSamples: spec.evaluator.maxSamples,
      enableFeatures: queryFeatures(spec.prometheus.extraArgs),
    },
  } satisfies Omit<Topology, "version">;
  return { ...rest, version: contentHash(JSON.stringify(rest)) };
}

/** The features among a server's flags without which an evaluator would refuse a query, or answer it otherwise. */
function queryFeatures(extraArgs: readonly string[]): string[] {
  const flag = /^--?enable-feature=(.*)$/;
  const named = extraArgs.flatMap((arg) => flag.exec(arg)?.[1]?.split(",") ?? []);
  return [...new Set(named.filter((name) => name.startsWith("promql-")))].toSorted();
}

/** topology.json of a fleet. */
export function renderTopology(
  plan: FleetPlan,
  addresses: Addresses,
  program: EvaluatorProgram,
  extras: TopologyExtras = {},
): RenderedFile & { version: string } {
  const topology = fleetTopology(plan, addresses, program, extras);
  const content = printTopology(topology);
  return { path: "topology.json", content, mode: 0o600, version: topology.version };
}

function addressOf(server: string, addresses: Addresses): string {
  const url = addresses.get(server);
  if (url === undefined) throw new Error(`server ${server} has no address`);
  return url;
}

/** Ports count from here, in the order of the plan's servers. */
const firstPort = 9390;

/**
 * Where the servers would like to listen: 127.0.0.1, ports from 9390 on. Real ports are chosen when the fleet is started and
 * kept from then on; files that are only rendered have these.
 */
export function preferredPort(index: number): number {
  return firstPort + index;
}

/** Addresses of a fleet that gets every port it would like. */
export function preferredAddresses(plan: FleetPlan): Addresses {
  return new Map(plan.servers.map(({ name }, index) => [name, `http://127.0.0.1:${preferredPort(index)}`]));
}
