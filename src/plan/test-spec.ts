import type { FleetSpec } from "../spec/fleet-spec.ts";

/** A fleet with nothing to do: what tests start from. */
export const testSpec: FleetSpec = {
  name: "main",
  shards: 1,
  replicas: 2,
  prometheus: {
    version: undefined,
    binary: undefined,
    scrapeInterval: "15s",
    scrapeTimeout: undefined,
    evaluationInterval: undefined,
    retention: "15d",
    retentionSize: undefined,
    outOfOrderWindow: "2h",
    externalLabels: {},
    global: {},
    extraArgs: [],
  },
  scrapeConfigs: [],
  rules: [],
  alerting: {},
  longTerm: { remoteWrite: [], replicaLabel: "__replica__" },
  gateway: {
    host: "127.0.0.1",
    port: undefined,
    limits: { concurrency: 64, queue: 256, timeoutMs: 120_000, maxPoints: 11_000, maxQueryBytes: 100_000 },
    auth: undefined,
    tenants: undefined,
    coverage: { missedScrapes: 2 },
    accessLog: false,
  },
  evaluator: { lookback: "5m", maxSamples: 50_000_000 },
  monitoring: { fleet: false, node: false, demo: 0 },
};
