import type { FleetSpec, Verbatim } from "../spec/fleet-spec.ts";
import { withAbsoluteFiles } from "./absolute-files.ts";
import { globalSection } from "./server-config.ts";
import type { ValuePath } from "./yaml-path.ts";
import { yamlText } from "../spec/yaml-text.ts";

/** A piece of Prometheus' configuration that can be checked alone. */
export interface ConfigPart {
  /** What it is, for messages: `scrape config "node"`. */
  what: string;
  content: string;
  /** Where in the spec a value of the content comes from. */
  inSpec: (path: ValuePath) => ValuePath;
}

/**
 * The configuration that a spec makes, cut into pieces: Prometheus stops at the first mistake and often does not say where,
 * so each piece is checked for itself.
 */
export function configParts(spec: FleetSpec, baseDir: string): ConfigPart[] {
  const global = globalSection(spec, baseDir);
  const intervals = {
    scrape_interval: spec.prometheus.scrapeInterval,
    ...(spec.prometheus.scrapeTimeout !== undefined && { scrape_timeout: spec.prometheus.scrapeTimeout }),
  };
  const alone = (section: string, content: unknown) => yamlText({ global: intervals, [section]: content });
  const absolute = (section: Verbatim) => withAbsoluteFiles(section, baseDir);
  return [
    { what: "the global section", content: yamlText({ global }), inSpec: globalInSpec },
    ...spec.scrapeConfigs.map((job, index): ConfigPart => {
      const place = ["spec", "scrapeConfigs", index];
      const what = `scrape config ${JSON.stringify(job.jobName)}`;
      const content = alone("scrape_configs", [absolute(job.config)]);
      return { what, content, inSpec: ([, , ...rest]) => [...place, ...rest] };
    }),
    {
      what: "the alerting section",
      content: alone("alerting", absolute(spec.alerting)),
      inSpec: ([, ...rest]) => ["spec", "alerting", ...rest],
    },
    ...spec.longTerm.remoteWrite.map((section, index): ConfigPart => {
      const place = ["spec", "longTerm", "remoteWrite", index];
      const content = alone("remote_write", [absolute(section)]);
      return { what: `remote_write ${index + 1}`, content, inSpec: ([, , ...rest]) => [...place, ...rest] };
    }),
  ];
}

const globalKeys: Readonly<Record<string, string>> = {
  scrape_interval: "scrapeInterval",
  scrape_timeout: "scrapeTimeout",
  evaluation_interval: "evaluationInterval",
  external_labels: "externalLabels",
};

function globalInSpec([, key, ...rest]: ValuePath): ValuePath {
  const own = globalKeys[String(key)];
  const place = own === undefined ? ["global", ...(key === undefined ? [] : [key])] : [own];
  return ["spec", "prometheus", ...place, ...rest];
}
