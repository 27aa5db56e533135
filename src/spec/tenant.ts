/** Who may ask the gateway: the same in fleet.yaml and in topology.json. */
export interface Tenant {
  name: string;
  basic: readonly { user: string; passwordHash: string }[];
  /** Of random tokens. */
  bearer: readonly { tokenHash: string }[];
  /** Of client certificates; one of the two names. */
  certificates: readonly { commonName?: string | undefined; san?: string | undefined }[];
  /** In every selector of whatever it asks; undefined: it sees everything. */
  matchers: readonly string[] | undefined;
  /** Written where there are no matchers, so that a tenant without any is nobody's mistake. */
  everything: boolean;
  /** Whether it may read /metrics of the gateway. */
  metrics: boolean;
  limits: TenantLimits;
}

/** Bounds on what a tenant may use; what is left out is as for the gateway. */
export interface TenantLimits {
  concurrency?: number | undefined;
  queue?: number | undefined;
  /** Durations as Prometheus writes them. */
  queueTimeout: string;
  timeout?: string | undefined;
  maxRange?: string | undefined;
  maxPoints?: number | undefined;
  maxResponseBytes?: number | undefined;
}

export interface GatewayAuth {
  /** Whether /metrics of the gateway is open to everybody. */
  openMetrics: boolean;
}
