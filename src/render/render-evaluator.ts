import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import type { TopologyEvaluator } from "../topology/topology.ts";
import { frameBytes, queryFlags } from "./server-flags.ts";
import { yamlText } from "../spec/yaml-text.ts";

/** What an evaluator is to be. */
export interface EvaluatorSettings {
  /** The gateway's remote_read endpoint. */
  readUrl: string;
  evaluator: Pick<TopologyEvaluator, "evaluationInterval" | "lookback" | "maxSamples" | "enableFeatures">;
  /** ms; of the longest query. */
  timeoutMs: number;
  /** Queries evaluated at once. */
  concurrency: number;
  features: PrometheusFeatures;
  /** Absolute paths. */
  configFile: string;
  dataDir: string;
  /** `127.0.0.1:9395`; with port 0 Prometheus picks one and tells it in its log alone ("Listening on"). */
  listenAddress: string;
}

/** The evaluator gives up on a read later than on the query it is for. */
const readGraceMs = 10_000;

/**
 * A stock Prometheus that scrapes nothing, has no data, and reads everything through the gateway.
 * @returns text of its prometheus.yml, and its command line
 */
export function renderEvaluator(settings: EvaluatorSettings): { config: string; flags: string[] } {
  const { readUrl, evaluator, timeoutMs, concurrency, features, configFile, dataDir } = settings;
  const config = yamlText({
    global: { evaluation_interval: evaluator.evaluationInterval },
    // the trace id of a query comes back on each of its reads: it is never sent anywhere
    ...(features.readsCarryTraceId && {
      tracing: { endpoint: "127.0.0.1:1", insecure: true, sampling_fraction: 0 },
    }),
    remote_read: [
      {
        url: readUrl,
        read_recent: true,
        remote_timeout: `${timeoutMs + readGraceMs}ms`,
        ...(features.chunkedReadLimit && { chunked_read_limit: frameBytes }),
        ...(features.filterExternalLabels && { filter_external_labels: false }),
      },
    ],
  });
  const flags = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${dataDir}`,
    // it has no samples of its own; what it writes is its WAL's bookkeeping
    "--storage.tsdb.retention.time=1d",
    ...queryFlags({ lookback: evaluator.lookback, maxSamples: evaluator.maxSamples, timeoutMs, concurrency }),
    `--web.listen-address=${settings.listenAddress}`,
    ...enabled([
      ...(features.nativeHistograms === "flag" ? ["native-histograms"] : []),
      ...evaluator.enableFeatures,
    ]),
  ];
  return { config, flags };
}

function enabled(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`--enable-feature=${names.join(",")}`];
}
