import type { GatewayTls } from "./gateway-tls.ts";
import type { GatewayAuth, Tenant } from "./tenant.ts";

/** What a fleet.yaml says, after parsing, checking and filling in of defaults. Plain data: no positions, no YAML. */
export interface FleetSpec {
  /** metadata.name: DNS label of at most 40 characters. */
  name: string;
  /** 1 to 64. Shard ids are "0" … "shards-1". */
  shards: number;
  /** 1 to 5. Replica names are "a", "b", … */
  replicas: number;
  prometheus: PrometheusSpec;
  /** Verbatim scrape_configs with promfleet's own two keys taken out of each into a place of their own. */
  scrapeConfigs: readonly ScrapeConfig[];
  /** Verbatim rule groups. */
  rules: readonly RuleGroup[];
  /** Prometheus' own `alerting` section, verbatim: alertmanagers, alert_relabel_configs. */
  alerting: Verbatim;
  longTerm: LongTermSpec;
  gateway: GatewaySpec;
  evaluator: EvaluatorSpec;
  monitoring: MonitoringSpec;
}

export type Verbatim = Readonly<Record<string, unknown>>;

export interface PrometheusSpec {
  /** The version asked for, "3.16" or "3.16.0": matched by prefix; newest found where absent. */
  version: string | undefined;
  /** Explicit path of the prometheus program (promtool lies beside it). */
  binary: string | undefined;
  /** Durations as Prometheus writes them: "15s", "1m30s". */
  scrapeInterval: string;
  scrapeTimeout: string | undefined;
  evaluationInterval: string | undefined;
  retention: string;
  retentionSize: string | undefined;
  /** Of the containers on Kubernetes; undefined: Prometheus' own of the version. */
  image: string | undefined;
  storage: VolumeSpec;
  resources: ResourcesSpec;
  /** How far back what a replica missed is copied from its partner; "0s" switches healing off. */
  outOfOrderWindow: string;
  externalLabels: Readonly<Record<string, string>>;
  /** Further keys of Prometheus' `global` section, verbatim. */
  global: Verbatim;
  /** Further flags, `--name=value`; flags that promfleet sets itself are refused. */
  extraArgs: readonly string[];
}

export interface ScrapeConfig {
  jobName: string;
  /** Every shard scrapes all of this job's targets; one shard answers for it. */
  onEveryShard: boolean;
  /** Source labels whose values are hashed instead of instance / __address__. */
  shardKey: readonly string[] | undefined;
  /** The scrape config as Prometheus takes it, without promfleet's own keys. Relative file names are still relative to the spec's folder. */
  config: Verbatim;
}

export interface RuleGroup {
  name: string;
  interval: string | undefined;
  rules: readonly Rule[];
  /** The group verbatim, as Prometheus takes it. */
  group: Verbatim;
}

export interface Rule {
  /** `record` or `alert`: what it makes. */
  kind: "record" | "alert";
  name: string;
  expr: string;
  labels: Readonly<Record<string, string>>;
}

export interface LongTermSpec {
  /** Verbatim remote_write sections. */
  remoteWrite: readonly Verbatim[];
  /** The label that tells the replicas apart at the receiver; added by write_relabel_configs. */
  replicaLabel: string;
}

export interface GatewaySpec {
  /** "127.0.0.1" unless told; what the gateway listens on. */
  host: string;
  /** Asked for: a clear error when taken. Absent: one is chosen and then kept. */
  port: number | undefined;
  limits: GatewayLimits;
  /** Undefined: plain HTTP. */
  tls: GatewayTls | undefined;
  /** Undefined with tenants undefined, too: everybody may ask. */
  auth: GatewayAuth | undefined;
  tenants: readonly Tenant[] | undefined;
  coverage: CoverageSettings;
  /** Whether the gateway writes a line of JSON to stderr for each request. */
  accessLog: boolean;
  /** Undefined: traces go nowhere, unless the environment says where. */
  tracing: TracingSpec | undefined;
  /** How many there are on Kubernetes. */
  replicas: number;
  /** On Kubernetes; undefined: promfleet's own. */
  image: string | undefined;
  resources: ResourcesSpec;
}

/** Where traces of the gateway's requests go. */
export interface TracingSpec {
  /** Base URL of a receiver of OTLP over HTTP. */
  endpoint: string;
  /** From 0 to 1, of traces that no client has begun. */
  sampleRatio: number;
}

/** The volume of a server on Kubernetes. */
export interface VolumeSpec {
  /** Quantity, "50Gi". */
  size: string;
  /** Undefined: the cluster's default. */
  className: string | undefined;
}

/** Of a container, quantities by resource, as Kubernetes has them. */
export interface ResourcesSpec {
  requests?: Readonly<Record<string, string>> | undefined;
  limits?: Readonly<Record<string, string>> | undefined;
}

/** What counts as a gap in what a server has scraped. */
export interface CoverageSettings {
  /** Scrapes of a target that may be missed in a row. */
  missedScrapes: number;
}

/** Bounds on what one request may cost. All are always present after parsing. */
export interface GatewayLimits {
  /** Requests worked on at once; more wait. */
  concurrency: number;
  /** How many may wait; more are refused with 503. */
  queue: number;
  /** ms; also what `timeout=` is capped to. */
  timeoutMs: number;
  /** Points per series of a range query; Prometheus' own limit is 11,000. */
  maxPoints: number;
  /** Bytes of a query's text. */
  maxQueryBytes: number;
}

export interface EvaluatorSpec {
  /** Flag --query.lookback-delta of the servers and of the evaluator. */
  lookback: string;
  /** Flag --query.max-samples of the servers and of the evaluator. */
  maxSamples: number;
}

/** Jobs that promfleet adds by itself. */
export interface MonitoringSpec {
  /** Job "promfleet": the servers, the gateway and the evaluator. */
  fleet: boolean;
  /** Job "node": a node exporter on this machine. */
  node: boolean;
  /** Job "demo": that many instances of the built-in demo exporter; 0 for none. */
  demo: number;
}
