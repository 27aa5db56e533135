import { withTlsFiles } from "../spec/gateway-tls.ts";
import type { Topology } from "./topology.ts";

/** topology.json of a topology, its keys always in the same order; parseTopology makes the same of it again. */
export function printTopology(topology: Topology): string {
  const {
    fleet,
    version,
    shards,
    onEveryShard,
    spreadByInstance,
    limits,
    tls,
    serverAuth,
    auth,
    tenants,
    coverage,
    accessLog,
    tracing,
    evaluator,
  } = topology;
  const ordered: Topology = {
    fleet,
    version,
    shards: shards.map(({ id, replicas, slots }) => ({
      id,
      replicas: replicas.map(({ name, server, url, externalLabels }) => ({
        name,
        server,
        url,
        externalLabels: externalLabels && sorted(externalLabels),
      })),
      slots,
    })),
    onEveryShard,
    spreadByInstance: spreadByInstance && {
      exceptJobs: spreadByInstance.exceptJobs,
      exceptMetrics: spreadByInstance.exceptMetrics,
    },
    limits: {
      concurrency: limits.concurrency,
      queue: limits.queue,
      timeoutMs: limits.timeoutMs,
      maxPoints: limits.maxPoints,
      maxQueryBytes: limits.maxQueryBytes,
    },
    tls: tls && withTlsFiles(tls, (file) => file),
    serverAuth,
    auth,
    tenants,
    coverage: { missedScrapes: coverage.missedScrapes },
    accessLog,
    tracing: tracing && { endpoint: tracing.endpoint, sampleRatio: tracing.sampleRatio },
    evaluator: {
      binary: evaluator.binary,
      version: evaluator.version,
      evaluationInterval: evaluator.evaluationInterval,
      lookback: evaluator.lookback,
      maxSamples: evaluator.maxSamples,
      enableFeatures: evaluator.enableFeatures,
    },
  };
  return `${JSON.stringify(ordered, undefined, 2)}\n`;
}

function sorted(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
