import {
  globalElsewhere,
  harmfulFlags,
  ownFlags,
  sharedFiles,
  trackerLabel,
} from "../../../spec/server-findings.ts";
import { type Schema, keepsUnknown, schemaAt } from "./structural-schema.ts";

/** What the API server checks, and what it says. */
interface FleetRule {
  /** The place of the value that is `self`. */
  at: string;
  /** In CEL. */
  rule: string;
  message: string;
  /** The field of it that is wrong. */
  field?: string;
}

const replicaLabel =
  "(has(self.longTerm) && has(self.longTerm.replicaLabel) ? self.longTerm.replicaLabel : 'prometheus_replica')";

/** What the API server can say of several fields at once; the same as src/spec finds, as far as it costs little. */
export const fleetRules: readonly FleetRule[] = [
  {
    at: "",
    rule: "self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$')",
    message:
      "the name of a fleet has at most 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit: those of its servers are made from it",
    field: ".metadata.name",
  },
  {
    at: "spec",
    rule: `!has(self.prometheus) || !has(self.prometheus.externalLabels) || !(${replicaLabel} in self.prometheus.externalLabels)`,
    message:
      "the label that tells replicas apart in remote writes, longTerm.replicaLabel, can not be an external label",
    field: ".prometheus.externalLabels",
  },
  {
    at: "spec",
    rule: `!has(self.longTerm) || ${replicaLabel} != '${trackerLabel}' || !has(self.shards) || self.shards == 1 || !has(self.longTerm.remoteWrite) || self.longTerm.remoteWrite.size() == 0`,
    message: `with more than one shard, a receiver that knows replicas by ${trackerLabel} would keep the samples of one shard and drop the others'`,
    field: ".longTerm.replicaLabel",
  },
  ...(
    [
      ["promfleet", "!has(self.monitoring) || !has(self.monitoring.fleet) || self.monitoring.fleet", "fleet"],
      ["node", "has(self.monitoring) && has(self.monitoring.node) && self.monitoring.node", "node"],
      ["demo", "has(self.monitoring) && has(self.monitoring.demo) && self.monitoring.demo > 0", "demo"],
    ] as const
  ).map(([job, isAdded, key]) => ({
    at: "spec",
    rule: `!(${isAdded}) || !has(self.scrapeConfigs) || !self.scrapeConfigs.exists(job, job.job_name == '${job}')`,
    message: `the job name "${job}" is taken by promfleet's own monitoring: rename the job, or switch monitoring.${key} off`,
    field: ".scrapeConfigs",
  })),
  {
    at: "spec.prometheus",
    // of the longer units CEL knows nothing
    rule: [
      "!has(self.scrapeTimeout)",
      "!self.scrapeTimeout.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$')",
      "has(self.scrapeInterval) && !self.scrapeInterval.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$')",
      "duration(self.scrapeTimeout) <= duration(has(self.scrapeInterval) ? self.scrapeInterval : '15s')",
    ].join(" || "),
    message: "the scrapeTimeout is longer than the scrapeInterval",
    field: ".scrapeTimeout",
  },
  {
    at: "spec.prometheus.externalLabels",
    rule: "self.all(name, name != '' && name != '__name__' && !name.startsWith('__promfleet_'))",
    message: '"", __name__ and what begins with __promfleet_ can not be external labels',
  },
  ...Object.entries(globalElsewhere).map(([key, own]) => ({
    at: "spec.prometheus.global",
    rule: `!has(self.${key})`,
    message: `it has a place of its own: spec.prometheus.${own}`,
    field: `.${key}`,
  })),
  ...sharedFiles.map((key) => ({
    at: "spec.prometheus.global",
    rule: `!has(self.${key})`,
    message: "it is not built yet: all servers would write into one file",
    field: `.${key}`,
  })),
  {
    at: "spec.prometheus.extraArgs[]",
    rule: `!self.matches('^--(no-)?(${[...Object.keys(ownFlags), ...Object.keys(harmfulFlags)].map((flag) => flag.replaceAll(".", "[.]")).join("|")})([= ]|$)')`,
    message:
      "this flag is set by promfleet itself, or would make of a server what the fleet does not take it for",
  },
  {
    at: "spec.scrapeConfigs[]",
    rule: "!has(self.onEveryShard) || !self.onEveryShard || !has(self.shardKey)",
    message: "targets that every shard scrapes are not spread: take onEveryShard or shardKey away",
    field: ".shardKey",
  },
  {
    at: "spec.rules[].rules[]",
    rule: "has(self.record) != has(self.alert)",
    message: "a rule has either record or alert",
  },
  {
    at: "spec.rules[].rules[]",
    rule: "!has(self.record) || (!has(self.for) && !has(self.keep_firing_for) && !has(self.annotations))",
    message: "a recording rule has no for, keep_firing_for or annotations",
  },
  {
    at: "spec.gateway.tenants[]",
    rule: "has(self.matchers) != (has(self.everything) && self.everything)",
    message: "a tenant has either matchers or `everything: true`",
  },
  {
    at: "spec.gateway.tenants[]",
    rule: "(has(self.basic) && self.basic.size() > 0) || (has(self.bearer) && self.bearer.size() > 0) || (has(self.certificates) && self.certificates.size() > 0)",
    message: "a tenant has a way to show who it is: basic, bearer or certificates",
  },
  {
    at: "spec.gateway.tenants[].certificates[]",
    rule: "has(self.commonName) != has(self.san)",
    message: "it has either commonName or san",
  },
];

/** Lists whose items are known by a key, each once: whoever owns one item owns it alone. */
export const listKeys: Readonly<Record<string, string>> = {
  "spec.scrapeConfigs": "job_name",
  "spec.rules": "name",
  "spec.gateway.tenants": "name",
};

/** Puts the rules and the keys of lists into a schema. */
export function addRules(root: Schema): void {
  const global = schemaAt(root, "spec.prometheus.global");
  const refused = [...Object.keys(globalElsewhere), ...sharedFiles];
  // CEL sees no fields but those that the schema names, with their types
  global["properties"] = Object.fromEntries(
    refused.map((key) => [
      key,
      key === "external_labels" ? { type: "object", ...keepsUnknown } : { type: "string" },
    ]),
  );
  // Prometheus would expand environment variables; a rule would cost more than a pattern
  schemaAt(root, "spec.prometheus.externalLabels{}")["pattern"] = "^[^$]*$";
  for (const { at, rule, message, field } of fleetRules) {
    const schema = schemaAt(root, at);
    const before: unknown = schema["x-kubernetes-validations"];
    schema["x-kubernetes-validations"] = [
      ...(Array.isArray(before) ? (before as unknown[]) : []),
      { rule, message, ...(field !== undefined && { fieldPath: field }) },
    ];
  }
  for (const [place, key] of Object.entries(listKeys))
    Object.assign(schemaAt(root, place), {
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": [key],
    });
}
