import type { CoverageSettings, GatewayLimits, TracingSpec } from "../spec/fleet-spec.ts";
import type { GatewayTls } from "../spec/gateway-tls.ts";
import type { GatewayAuth, Tenant } from "../spec/tenant.ts";

/**
 * What the gateway knows of the fleet: the parsed form of topology.json (docs/reference/topology.md).
 * The smallest file is {"shards": [{"id": "0", "replicas": [{"name": "a", "url": "http://…"}]}]}; all else has defaults.
 */
export interface Topology {
  /** Name of the fleet; "fleet" where the file names none. */
  fleet: string;
  /** Changes with every change of content; the gateway shows the one it follows. */
  version: string;
  shards: readonly TopologyShard[];
  /** Jobs that every shard scrapes: one shard answers for them. */
  onEveryShard: readonly string[];
  /** Undefined where it is not known that the label instance tells on which shard a series is. */
  spreadByInstance: SpreadByInstance | undefined;
  limits: GatewayLimits;
  /** Paths are absolute, or relative to the folder of topology.json. Undefined: plain HTTP. */
  tls: GatewayTls | undefined;
  /** What the servers ask of whoever speaks to them; undefined: nothing. */
  serverAuth: ServerAuth | undefined;
  /** Undefined with tenants undefined, too: everybody may ask. */
  auth: GatewayAuth | undefined;
  tenants: readonly Tenant[] | undefined;
  coverage: CoverageSettings;
  /** Whether the gateway writes a line of JSON to stderr for each request. */
  accessLog: boolean;
  /** Read when the gateway starts; undefined: traces go where the environment says, or nowhere. */
  tracing: TracingSpec | undefined;
  evaluator: TopologyEvaluator;
}

/** All series of an instance are on the shard that owns its slot, but for these. */
export interface SpreadByInstance {
  /** Jobs whose targets are spread otherwise. */
  exceptJobs: readonly string[];
  /** Metrics that only the first shard has, as its rules record them. */
  exceptMetrics: readonly string[];
}

export interface ServerAuth {
  username: string;
  /** Holds the password alone; absolute, or relative to the folder of topology.json. Followed like the topology. */
  passwordFile: string;
}

export interface TopologyShard {
  id: string;
  replicas: readonly TopologyReplica[];
  /** Owned slots as inclusive ranges; absent when not known (servers that promfleet did not start). */
  slots: readonly (readonly [number, number])[] | undefined;
}

export interface TopologyReplica {
  /** "a", "b", … */
  name: string;
  /** `<fleet>-<shard>-<replica>`, what errors and status call it. */
  server: string;
  /** Base URL, without a trailing slash; may carry a path prefix. */
  url: string;
  /** What the server adds to remote reads; undefined: found out from the server itself. */
  externalLabels: Readonly<Record<string, string>> | undefined;
}

/** How the gateway starts its evaluator. */
export interface TopologyEvaluator {
  /** Path of the prometheus program; undefined: found like any other. */
  binary: string | undefined;
  /** Version asked for where it has to be found. */
  version: string | undefined;
  /** Durations as Prometheus writes them. */
  evaluationInterval: string;
  lookback: string;
  maxSamples: number;
  /** Names for --enable-feature. */
  enableFeatures: readonly string[];
}
