import { latenessWindowMs } from "../plan/lateness-window.ts";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";

/** Where a server finds its things. */
export interface ServerPaths {
  /** Absolute path of prometheus.yml. */
  configFile: string;
  /** Absolute path of the folder of its data. */
  dataDir: string;
  /** `127.0.0.1:9390` */
  listenAddress: string;
  /** Whether it is reloaded over HTTP. Left out: by a SIGHUP, and nobody else on the machine can stop it over HTTP. */
  lifecycle?: boolean;
  /** Absolute path of what tells who may ask. */
  webConfigFile?: string;
}

/** Bytes. A series must come in one frame: whoever reads takes a second frame for another series. */
export const frameBytes = 1024 ** 3;

/** More than any limit on queries lets through: waiting readers hold what others wait for. Not 0, which blocks for ever. */
const concurrentReads = 1024;
const connections = 4096;

/** A server with it takes what it missed from whoever brings it. */
export const receiverFlag = "--web.enable-remote-write-receiver";

/** The command line of a server. */
export function serverFlags(spec: FleetSpec, features: PrometheusFeatures, paths: ServerPaths): string[] {
  const { retention, retentionSize, extraArgs } = spec.prometheus;
  return [
    `--config.file=${paths.configFile}`,
    `--storage.tsdb.path=${paths.dataDir}`,
    `--storage.tsdb.retention.time=${retention}`,
    ...(retentionSize === undefined ? [] : [`--storage.tsdb.retention.size=${retentionSize}`]),
    `--storage.remote.read-max-bytes-in-frame=${frameBytes}`,
    `--storage.remote.read-concurrent-limit=${concurrentReads}`,
    "--storage.remote.read-sample-limit=0",
    ...queryFlags({
      lookback: spec.evaluator.lookback,
      maxSamples: spec.evaluator.maxSamples,
      timeoutMs: spec.gateway.limits.timeoutMs,
      concurrency: spec.gateway.limits.concurrency,
    }),
    `--web.listen-address=${paths.listenAddress}`,
    ...(paths.webConfigFile === undefined ? [] : [`--web.config.file=${paths.webConfigFile}`]),
    ...(paths.lifecycle ? ["--web.enable-lifecycle"] : []),
    ...(latenessWindowMs(spec, features) > 0 ? [receiverFlag] : []),
    ...extraArgs,
  ];
}

/** What servers and evaluator must agree on, or the same query has two answers. */
export interface QueryFlags {
  /** Duration as Prometheus writes it. */
  lookback: string;
  maxSamples: number;
  /** ms */
  timeoutMs: number;
  concurrency: number;
}

export function queryFlags(flags: QueryFlags): string[] {
  return [
    `--query.lookback-delta=${flags.lookback}`,
    `--query.max-samples=${flags.maxSamples}`,
    `--query.timeout=${flags.timeoutMs}ms`,
    `--query.max-concurrency=${flags.concurrency}`,
    `--web.max-connections=${connections}`,
  ];
}
