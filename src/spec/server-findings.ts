import type { ValuePath } from "./input-document.ts";
import { parseDuration } from "../promql/duration.ts";
import { listIn } from "./job-findings.ts";
import { type Finding, pathText } from "./schema-complaints.ts";
import { isMap, shown } from "./shown-value.ts";

/** What is wrong with the settings of the servers, apart from their shape. Takes anything. */
export function serverFindings(spec: unknown): Finding[] {
  const prometheus = isMap(spec) && isMap(spec["prometheus"]) ? spec["prometheus"] : {};
  return [
    ...timeoutFindings(prometheus),
    ...globalFindings(prometheus["global"]),
    ...listIn(prometheus, "extraArgs").flatMap((flag, index) =>
      typeof flag === "string" ? flagFindings(flag, ["spec", "prometheus", "extraArgs", index]) : [],
    ),
    ...labelFindings(spec, prometheus),
    ...trackerFindings(spec),
  ];
}

function timeoutFindings(prometheus: Readonly<Record<string, unknown>>): Finding[] {
  const { scrapeInterval = "15s", scrapeTimeout } = prometheus;
  if (typeof scrapeInterval !== "string" || typeof scrapeTimeout !== "string") return [];
  const [interval, timeout] = [parseDuration(scrapeInterval), parseDuration(scrapeTimeout)];
  if (interval === undefined || timeout === undefined || timeout <= interval) return [];
  const message = `spec.prometheus.scrapeTimeout ${scrapeTimeout} is longer than the scrapeInterval ${scrapeInterval}`;
  return [{ code: "SPEC_CONFLICT", message, path: ["spec", "prometheus", "scrapeTimeout"] }];
}

export const globalElsewhere: Readonly<Record<string, string>> = {
  scrape_interval: "scrapeInterval",
  scrape_timeout: "scrapeTimeout",
  evaluation_interval: "evaluationInterval",
  external_labels: "externalLabels",
};

/** Files that every server of this machine would write to at once. */
export const sharedFiles = ["query_log_file", "scrape_failure_log_file"];

function globalFindings(global: unknown): Finding[] {
  if (!isMap(global)) return [];
  return Object.keys(global).flatMap((key): Finding[] => {
    const at = { path: ["spec", "prometheus", "global", key], atKey: true };
    const own = globalElsewhere[key];
    if (own !== undefined) {
      const message = `spec.prometheus.global.${key} has a place of its own: spec.prometheus.${own}`;
      return [{ code: "SPEC_UNKNOWN_KEY", message, ...at, advice: `Write it as spec.prometheus.${own}.` }];
    }
    if (!sharedFiles.includes(key)) return [];
    const message = `spec.prometheus.global.${key} is not built yet: all servers would write into one file`;
    return [{ code: "SPEC_NOT_BUILT", message, ...at }];
  });
}

/** Flags that promfleet sets itself, and the key that does it where there is one. */
export const ownFlags: Readonly<Record<string, string | undefined>> = {
  "config.file": undefined,
  "query.lookback-delta": "spec.evaluator.lookback",
  "query.max-concurrency": "spec.gateway.limits.concurrency",
  "query.max-samples": "spec.evaluator.maxSamples",
  "query.timeout": "spec.gateway.limits.timeout",
  "storage.remote.read-concurrent-limit": undefined,
  "storage.remote.read-max-bytes-in-frame": undefined,
  "storage.remote.read-sample-limit": undefined,
  "storage.tsdb.path": undefined,
  "storage.tsdb.retention": "spec.prometheus.retention",
  "storage.tsdb.retention.size": "spec.prometheus.retentionSize",
  "storage.tsdb.retention.time": "spec.prometheus.retention",
  "web.enable-remote-write-receiver": "spec.prometheus.outOfOrderWindow",
  "web.listen-address": undefined,
  "web.max-connections": undefined,
};

/** Flags with which a server would not be what the rest of the fleet takes it for. */
export const harmfulFlags: Readonly<Record<string, string>> = {
  agent: "an agent answers no queries",
  help: "a server would not start",
  "help-long": "a server would not start",
  "help-man": "a server would not start",
  version: "a server would not start",
  "web.config.file": "the gateway does not speak TLS to its servers yet",
  "web.route-prefix": "the gateway looks for its servers at /",
};

function flagFindings(flag: string, path: ValuePath): Finding[] {
  const name = /^--(?:no-)?([^=\s]+)/.exec(flag)?.[1];
  if (name === undefined) return [];
  const refuse = (why: string, advice: string): Finding[] => [
    { code: "SPEC_CONFLICT", message: `${pathText(path)}: the flag --${name} ${why}`, path, advice },
  ];
  if (Object.hasOwn(ownFlags, name)) {
    const key = ownFlags[name];
    return refuse(
      "is set by promfleet itself",
      key === undefined ? "Remove it." : `Remove it, and set ${key}.`,
    );
  }
  if (Object.hasOwn(harmfulFlags, name))
    return refuse(`cannot be set: ${harmfulFlags[name] ?? ""}`, "Remove it.");
  if (name === "enable-feature" && /[=,]agent(?:,|$)/.test(flag))
    return refuse("cannot have agent: an agent answers no queries", "Remove it.");
  if (name === "web.external-url" && !/^--web\.external-url=(?:\w+:\/\/)?[^/]*\/?$/.test(flag))
    return refuse("cannot have a path: the gateway looks for its servers at /", "Leave the path out.");
  return [];
}

/** Labels that would lie over each other. */
function labelFindings(spec: unknown, prometheus: Readonly<Record<string, unknown>>): Finding[] {
  const external = isMap(prometheus["externalLabels"]) ? prometheus["externalLabels"] : {};
  const longTerm = isMap(spec) && isMap(spec["longTerm"]) ? spec["longTerm"] : {};
  const { replicaLabel = "prometheus_replica" } = longTerm;
  const own = ["spec", "prometheus", "externalLabels"];
  return Object.entries(external).flatMap(([name, value]): Finding[] => {
    if (typeof value === "string" && value.includes("$"))
      return [
        {
          code: "SPEC_INVALID",
          message: `${pathText([...own, name])} is ${shown(value)}, in which Prometheus would expand environment variables`,
          path: [...own, name],
          advice: "Write the value itself: the gateway has to know it.",
        },
      ];
    const at = { path: [...own, name], atKey: true };
    if (name === "" || name === "__name__")
      return [
        { code: "SPEC_INVALID", message: `${JSON.stringify(name)} cannot be an external label`, ...at },
      ];
    if (name.startsWith("__promfleet_"))
      return [
        { code: "SPEC_CONFLICT", message: `labels that begin with __promfleet_ are promfleet's own`, ...at },
      ];
    if (name !== replicaLabel) return [];
    return [
      {
        code: "SPEC_CONFLICT",
        message: `the external label ${shown(name)} is the label that tells replicas apart in remote writes`,
        ...at,
        advice: "Remove it, or name another label in spec.longTerm.replicaLabel.",
      },
    ];
  });
}

/** By this label, HA trackers of Cortex and Mimir know the replicas of a cluster, which they take for one pair. */
export const trackerLabel = "__replica__";

function trackerFindings(spec: unknown): Finding[] {
  const longTerm = isMap(spec) && isMap(spec["longTerm"]) ? spec["longTerm"] : {};
  const severalShards = isMap(spec) && Number(spec["shards"]) > 1;
  if (
    longTerm["replicaLabel"] !== trackerLabel ||
    !severalShards ||
    listIn(longTerm, "remoteWrite").length === 0
  )
    return [];
  const message = `with more than one shard, a receiver that knows replicas by ${trackerLabel} would keep the samples of one shard and drop the others'`;
  return [
    {
      code: "SPEC_CONFLICT",
      message,
      path: ["spec", "longTerm", "replicaLabel"],
      advice: "Name another label, or set shards to 1.",
    },
  ];
}
