import type { ValuePath } from "./input-document.ts";
import { parseDuration } from "../promql/duration.ts";
import { nearest } from "./nearest.ts";
import { regexMistake } from "./re2-syntax.ts";
import { type Finding, pathText } from "./schema-complaints.ts";
import { isMap, shown } from "./shown-value.ts";

/** promfleet's own keys in a scrape config. */
const ownKeys = ["onEveryShard", "shardKey"];

/** What is wrong with the scrape configs, apart from their shape. Takes anything. */
export function jobFindings(spec: unknown): Finding[] {
  const jobs = listIn(spec, "scrapeConfigs");
  const taken = monitoringJobs(spec);
  const first = new Map<string, number>();
  return jobs.flatMap((job, index) => {
    const path = ["spec", "scrapeConfigs", index];
    if (!isMap(job)) return [];
    const findings = [...misspeltOwnKeys(job, path), ...keyedByNothing(job, path)];
    const name = job["job_name"];
    if (typeof name !== "string" || name === "") return findings;
    const at = [...path, "job_name"];
    const quoted = JSON.stringify(name);
    const before = first.get(name);
    if (before !== undefined)
      findings.push({
        code: "SPEC_DUPLICATE",
        message: `the job ${quoted} stands here a second time, after spec.scrapeConfigs[${before}]`,
        path: at,
      });
    else first.set(name, index);
    const key = taken.get(name);
    if (key !== undefined)
      findings.push({
        code: "SPEC_CONFLICT",
        message: `the job name ${quoted} is taken by promfleet's own monitoring`,
        path: at,
        advice: `Rename the job, or set spec.monitoring.${key} to ${key === "demo" ? "0" : "false"}.`,
      });
    return findings;
  });
}

/** Names of the jobs that promfleet adds, and the key of spec.monitoring that has them added. */
function monitoringJobs(spec: unknown): Map<string, string> {
  const monitoring = isMap(spec) && isMap(spec["monitoring"]) ? spec["monitoring"] : {};
  return new Map([
    // this one is there unless it is turned off
    ...(monitoring["fleet"] === false ? [] : [["promfleet", "fleet"] as const]),
    ...(monitoring["node"] === true ? [["node", "node"] as const] : []),
    ...(Number(monitoring["demo"]) > 0 ? [["demo", "demo"] as const] : []),
  ]);
}

function misspeltOwnKeys(job: Readonly<Record<string, unknown>>, path: ValuePath): Finding[] {
  return Object.keys(job)
    .filter((key) => !ownKeys.includes(key))
    .flatMap((key) => {
      const meant = nearest(key, ownKeys);
      if (meant === undefined) return [];
      const message = `unknown key ${JSON.stringify(key)} in ${pathText(path)}; did you mean ${JSON.stringify(meant)}?`;
      return [{ code: "SPEC_UNKNOWN_KEY" as const, message, path: [...path, key], atKey: true }];
    });
}

function keyedByNothing(job: Readonly<Record<string, unknown>>, path: ValuePath): Finding[] {
  if (job["onEveryShard"] !== true || job["shardKey"] === undefined) return [];
  const message = `${pathText(path)} has onEveryShard and a shardKey, and targets that every shard scrapes are not spread`;
  return [{ code: "SPEC_CONFLICT", message, path: [...path, "shardKey"], atKey: true }];
}

/** Keys of Prometheus' configuration that hold durations. */
export const prometheusDuration = /^(?:(?:.+_)?(?:interval|timeout)|for|keep_firing_for|query_offset)$/;

/** Durations and regular expressions of Prometheus' own sections that cannot be what they should. */
export function verbatimFindings(section: unknown, path: ValuePath): Finding[] {
  if (Array.isArray(section))
    return section.flatMap((item: unknown, index) => verbatimFindings(item, [...path, index]));
  if (!isMap(section)) return [];
  return Object.entries(section).flatMap(([key, value]): Finding[] => {
    const at = [...path, key];
    if (freeMaps.has(key)) return [];
    if (key.endsWith("relabel_configs")) return relabelFindings(value, at);
    if (
      prometheusDuration.test(key) &&
      typeof value === "string" &&
      value !== "" &&
      parseDuration(value) === undefined
    )
      return [
        {
          code: "SPEC_INVALID",
          message: `${pathText(at)} is ${shown(value)}; a duration such as "15s" or "1m30s" is expected`,
          path: at,
        },
      ];
    return verbatimFindings(value, at);
  });
}

/** Maps of the user's own words. */
const freeMaps: ReadonlySet<string> = new Set([
  "labels",
  "annotations",
  "params",
  "external_labels",
  "headers",
  "http_headers",
  "endpoint_params",
  "node_meta",
]);

function relabelFindings(steps: unknown, path: ValuePath): Finding[] {
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((step: unknown, index): Finding[] => {
    const regex = isMap(step) ? step["regex"] : undefined;
    const mistake = typeof regex === "string" ? regexMistake(regex) : undefined;
    if (mistake === undefined) return [];
    const at = [...path, index, "regex"];
    const message = `${pathText(at)} is ${shown(regex)}, which is no regular expression: ${mistake}`;
    return [{ code: "SPEC_INVALID", message, path: at }];
  });
}

export function listIn(map: unknown, key: string): readonly unknown[] {
  const list = isMap(map) ? map[key] : undefined;
  return Array.isArray(list) ? list : [];
}
