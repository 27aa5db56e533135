import type { FleetPlan, ServerPlan, ShardPlan } from "../plan/fleet-plan.ts";
import { latenessWindowMs } from "../plan/lateness-window.ts";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import { shardRelabelling } from "../plan/shard-relabel.ts";
import type { FleetSpec, ScrapeConfig, Verbatim } from "../spec/fleet-spec.ts";
import { withAbsoluteFiles } from "./absolute-files.ts";

/** How the targets of promfleet's own jobs are found: keys of a scrape config. */
export type Discovery = (job: "fleet" | "node" | "demo") => Verbatim;

/** Who the targets are is known at run time alone: whoever runs the servers writes these files. */
export const fileDiscovery: Discovery = (job) => ({ file_sd_configs: [{ files: [`targets/${job}.json`] }] });

/** What a configuration is made with besides the plan. */
export interface ConfigSurroundings {
  /** Of the servers' version. */
  features: PrometheusFeatures;
  /** Absolute: what file names in the spec are relative to. */
  baseDir: string;
  discovery?: Discovery;
}

/** How often rules are evaluated where the spec does not tell. */
const defaultEvaluationInterval = "15s";

/** What `evaluation_interval` is on the servers, and has to be on the evaluator: it is the default step of subqueries. */
export function evaluationInterval(spec: FleetSpec): string {
  return spec.prometheus.evaluationInterval ?? defaultEvaluationInterval;
}

/**
 * The configuration of a server, as Prometheus' prometheus.yml has it, without rule_files.
 * @param replica what remote_write tells the replicas of a shard apart by; all else is the same for each
 */
export function serverConfig(
  plan: FleetPlan,
  shard: ShardPlan,
  replica: ServerPlan["replica"],
  { features, baseDir, discovery = fileDiscovery }: ConfigSurroundings,
): Verbatim {
  const { spec } = plan;
  const verbatim = (section: Verbatim) => withAbsoluteFiles(section, baseDir);
  const remoteWrite = spec.longTerm.remoteWrite.map((section) =>
    withReplicaLabel(verbatim(section), spec.longTerm.replicaLabel, replica),
  );
  return {
    global: globalSection(spec, baseDir),
    ...(Object.keys(spec.alerting).length > 0 && { alerting: verbatim(spec.alerting) }),
    scrape_configs: [
      ...spec.scrapeConfigs.map((job) => sharded(job, verbatim(job.config), shard)),
      ...monitoringJobs(spec, features, discovery).map((config) =>
        sharded({ onEveryShard: false, shardKey: undefined }, config, shard),
      ),
    ],
    ...(remoteWrite.length > 0 && { remote_write: remoteWrite }),
    ...(latenessWindowMs(spec, features) > 0 && {
      storage: { tsdb: { out_of_order_time_window: spec.prometheus.outOfOrderWindow } },
    }),
  };
}

export function globalSection(spec: FleetSpec, baseDir: string): Verbatim {
  const { scrapeInterval, scrapeTimeout, externalLabels, global } = spec.prometheus;
  return {
    scrape_interval: scrapeInterval,
    ...(scrapeTimeout !== undefined && { scrape_timeout: scrapeTimeout }),
    evaluation_interval: evaluationInterval(spec),
    ...(Object.keys(externalLabels).length > 0 && { external_labels: externalLabels }),
    ...withAbsoluteFiles(global, baseDir),
  };
}

/** Jobs of the fleet itself. */
function monitoringJobs(spec: FleetSpec, features: PrometheusFeatures, discovery: Discovery): Verbatim[] {
  const { fleet, node, demo } = spec.monitoring;
  return [
    ...(fleet ? [{ job_name: "promfleet", ...discovery("fleet"), ...gatewayTls(spec) }] : []),
    ...(node ? [{ job_name: "node", ...discovery("node") }] : []),
    ...(demo > 0 ? [{ job_name: "demo", ...discovery("demo"), ...histogramsOfBothKinds(features) }] : []),
  ];
}

/**
 * The gateway is scraped at an address of this machine, which is seldom among the names of its certificate; the job sends nothing that
 * another could make use of.
 */
function gatewayTls({ gateway }: FleetSpec): Verbatim {
  return gateway.tls ? { tls_config: { insecure_skip_verify: true } } : {};
}

/** The demo shows what a service can: dashboards want its classic histograms, too. */
function histogramsOfBothKinds({ nativeHistograms }: PrometheusFeatures): Verbatim {
  if (nativeHistograms !== "config") return {};
  return { scrape_native_histograms: true, always_scrape_classic_histograms: true };
}

function sharded(
  job: Pick<ScrapeConfig, "onEveryShard" | "shardKey">,
  config: Verbatim,
  shard: ShardPlan,
): Verbatim {
  const steps = shardRelabelling(job, shard.slots);
  if (steps.length === 0) return config;
  const own: unknown = config["relabel_configs"];
  return { ...config, relabel_configs: [...(Array.isArray(own) ? (own as unknown[]) : []), ...steps] };
}

/** Last of all, so that nothing the user relabels takes it away again. */
function withReplicaLabel(section: Verbatim, label: string, replica: string): Verbatim {
  const own: unknown = section["write_relabel_configs"];
  const step = { target_label: label, replacement: replica };
  return { ...section, write_relabel_configs: [...(Array.isArray(own) ? (own as unknown[]) : []), step] };
}
