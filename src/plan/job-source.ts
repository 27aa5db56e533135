import type { FleetSpec, ScrapeConfig, Verbatim } from "../spec/fleet-spec.ts";
import type { Locality } from "./locality.ts";
import { matchesRegex } from "./regex-match.ts";

/** A job, as a source of series. */
export interface JobSource {
  /** The value of its series' job label; undefined where relabelling or honor_labels may make it anything. */
  job: string | undefined;
  locality: Locality;
}

/** All jobs of a fleet, its own monitoring included. */
export function jobSources(spec: FleetSpec): JobSource[] {
  const own: [string, boolean][] = [
    ["promfleet", spec.monitoring.fleet],
    ["node", spec.monitoring.node],
    ["demo", spec.monitoring.demo > 0],
  ];
  return [
    ...spec.scrapeConfigs.map(jobSource),
    ...own
      .filter(([, wanted]) => wanted)
      .map(([job]): JobSource => ({ job, locality: { spread: "byInstance" } })),
  ];
}

function jobSource(config: ScrapeConfig): JobSource {
  const steps = stepsOf(config.config, "relabel_configs");
  const metricSteps = stepsOf(config.config, "metric_relabel_configs");
  const honours = config.config["honor_labels"] === true;
  const jobMayChange = honours || [...steps, ...metricSteps].some((step) => mayChange(step, "job"));
  return {
    job: jobMayChange ? undefined : config.jobName,
    locality: localityOf(config, honours, metricSteps),
  };
}

function localityOf(config: ScrapeConfig, honours: boolean, metricSteps: readonly Verbatim[]): Locality {
  if (config.onEveryShard) return { spread: "everywhere" };
  const name = JSON.stringify(config.jobName);
  if (config.shardKey)
    return {
      spread: "disjoint",
      why: `the targets of job ${name} are spread by ${config.shardKey.join(", ")}, not by instance`,
    };
  if (honours)
    return {
      spread: "disjoint",
      why: `job ${name} has honor_labels, so its targets may set instance themselves`,
    };
  // relabel_configs may set instance as they like: it is the shard key then
  if (metricSteps.some((step) => mayChange(step, "instance")))
    return { spread: "disjoint", why: `job ${name} may change instance in metric_relabel_configs` };
  return { spread: "byInstance" };
}

function stepsOf(config: Verbatim, key: string): Verbatim[] {
  const steps = config[key];
  return Array.isArray(steps)
    ? steps.filter((step): step is Verbatim => typeof step === "object" && step !== null)
    : [];
}

/** Whether a relabel step may set, change or remove a label. */
function mayChange(step: Verbatim, label: string): boolean {
  const text = (key: string, otherwise: string): string => {
    const value = step[key];
    return typeof value === "string" ? value : otherwise;
  };
  const regex = text("regex", "(.*)");
  switch (text("action", "replace").toLowerCase()) {
    case "keep":
    case "drop":
    case "keepequal":
    case "dropequal":
      return false;
    case "labeldrop":
      return matchesRegex(regex, label) !== false;
    case "labelkeep":
      return matchesRegex(regex, label) !== true;
    case "labelmap":
      return mayExpandTo(text("replacement", "$1"), label);
    default:
      return mayExpandTo(text("target_label", ""), label);
  }
}

/** Whether a template with references such as $1 or ${name} may become the text. */
function mayExpandTo(template: string, text: string): boolean {
  if (!template.includes("$")) return template === text;
  const parts = template.split(/\$\{[^}]*\}|\$\w+/);
  const first = parts.at(0) ?? "";
  const last = parts.at(-1) ?? "";
  return text.startsWith(first) && text.endsWith(last);
}
