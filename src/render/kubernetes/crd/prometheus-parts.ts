import { keepsUnknown, type Schema } from "./structural-schema.ts";

// kubectl turns 1.10 into 1.1, 0123 into 83 and on into true before anybody of promfleet's sees it: where Prometheus wants a string, the
// API server has to. These are the places of its configuration in which people write such things; all else there is kept as it is.

const text: Schema = { type: "string" };
const texts: Schema = { type: "array", items: text };
const textByName: Schema = { type: "object", additionalProperties: text };

function open(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", ...keepsUnknown, properties };
}

function listOf(items: Schema): Schema {
  return { type: "array", items };
}

const relabelConfigs = listOf(
  open({
    source_labels: texts,
    separator: text,
    target_label: text,
    regex: text,
    replacement: text,
  }),
);

const staticConfigs = listOf(open({ targets: texts, labels: textByName }));

/** Of a scrape config. */
export const scrapeConfigParts: Readonly<Record<string, Schema>> = {
  metrics_path: text,
  params: { type: "object", additionalProperties: texts },
  static_configs: staticConfigs,
  relabel_configs: relabelConfigs,
  metric_relabel_configs: relabelConfigs,
};

export const alertmanagerParts: Readonly<Record<string, Schema>> = {
  path_prefix: text,
  static_configs: staticConfigs,
  relabel_configs: relabelConfigs,
  alert_relabel_configs: relabelConfigs,
};

export const remoteWriteParts: Readonly<Record<string, Schema>> = {
  name: text,
  headers: textByName,
  write_relabel_configs: relabelConfigs,
};

export const alertRelabelConfigs = relabelConfigs;
