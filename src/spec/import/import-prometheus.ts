import { PromfleetError } from "../../errors/promfleet-error.ts";
import { renameFiles } from "../file-names.ts";
import { apiVersion, kind } from "../fleet-schema.ts";
import type { Verbatim } from "../fleet-spec.ts";
import type { InputDocument } from "../input-document.ts";
import { nearest } from "../nearest.ts";
import { trackerLabel } from "../server-findings.ts";
import { isMap } from "../shown-value.ts";
import { heldSecrets } from "./held-secrets.ts";
import { type ImportNote, placeIn } from "./import-note.ts";
import { importedGlobal } from "./imported-global.ts";
import { type ImportedJob, importedJobs } from "./imported-jobs.ts";
import { importedRules } from "./imported-rules.ts";
import { besides, type NamedFiles } from "./named-files.ts";

/** An existing Prometheus, read from its files. */
export interface PrometheusSource {
  config: InputDocument;
  /** What rule_files and scrape_config_files name, and what was found there. */
  named: readonly (NamedFiles & { documents: readonly InputDocument[] })[];
}

export interface ImportedFleet {
  /** A fleet.yaml, as a value. */
  declaration: Verbatim;
  notCarried: readonly ImportNote[];
  changed: readonly ImportNote[];
  /** Where each part comes from, by its place in the declaration: ["scrapeConfigs", 0] is from prometheus.yml:7:3. */
  origins: readonly { path: readonly (string | number)[]; at: string }[];
  /** Keys under which secrets stand in plain text. */
  secrets: readonly string[];
}

const left: Readonly<Record<string, string>> = {
  remote_read: "the gateway reads the servers, and a server that reads others would answer for them",
  storage: "not built yet: spec.prometheus has retention and retentionSize, extraArgs takes flags",
  tracing: "not built yet",
  otlp: "not built yet: what is pushed to one server its partner does not have",
  runtime: "not built yet: set GOGC where promfleet is started",
};
const tracked =
  "replicas are told apart by prometheus_replica instead: a receiver that tracks them takes a cluster for one pair, and would drop all shards but one";
const carried = ["global", "alerting", "rule_files", "scrape_config_files", "scrape_configs", "remote_write"];

/**
 * A fleet that scrapes, evaluates and sends what one Prometheus did.
 * @throws PromfleetError IMPORT_REFUSED where Prometheus would not take the configuration
 */
export function importPrometheus(
  source: PrometheusSource,
  fleet: { name: string; shards: number },
): ImportedFleet {
  const { config, named } = source;
  const value = isMap(config.value) ? config.value : {};
  refuseUnknown(config, value);
  const notCarried: ImportNote[] = [];
  const changed: ImportNote[] = [];
  for (const [key, why] of Object.entries(left))
    if (value[key] !== undefined) notCarried.push({ what: key, at: placeIn(config, [key]), why });
  for (const { key, pattern, at, documents } of named)
    if (documents.length === 0)
      notCarried.push({ what: `${key}: ${pattern}`, at, why: "there is no such file" });

  const documents = (key: NamedFiles["key"]) =>
    named.filter((files) => files.key === key).flatMap((files) => files.documents);
  const global = importedGlobal(config, mapOf(config, "global"));
  const jobs = [config, ...documents("scrape_config_files")].flatMap((document) =>
    importedJobs(document).map((job) => ({ ...job, config: fromHere(job.config, document) })),
  );
  const groups = importedRules(documents("rule_files"));
  const writes = listOf(config, "remote_write").map((section) => fromHere(section, config));
  const alerting = fromHere(mapOf(config, "alerting"), config);
  for (const part of [global, ...jobs, ...groups]) changed.push(...part.changed);
  notCarried.push(...global.notCarried);

  const takesOurName = jobs.find(({ config: { job_name } }) => job_name === "promfleet");
  if (takesOurName) changed.push(ownJobLeftOut(takesOurName));
  const isTracked = global.replicaLabel === trackerLabel && fleet.shards > 1 && writes.length > 0;
  if (isTracked) changed.push({ what: trackerLabel, at: placeIn(config, ["remote_write"]), why: tracked });
  const spec = {
    shards: fleet.shards,
    replicas: 2,
    prometheus: fromHere(global.prometheus, config),
    scrapeConfigs: jobs.map((job) => job.config),
    rules: groups.map(({ group }) => group),
    alerting: Object.keys(alerting).length > 0 ? alerting : undefined,
    longTerm:
      writes.length > 0
        ? { remoteWrite: writes, replicaLabel: isTracked ? undefined : global.replicaLabel }
        : undefined,
    gateway: { host: "127.0.0.1" },
    monitoring: { fleet: takesOurName === undefined },
  };
  return {
    declaration: { apiVersion, kind, metadata: { name: fleet.name }, spec },
    notCarried,
    changed,
    origins: [
      { path: ["prometheus"], at: placeIn(config, ["global"]) },
      ...jobs.map(({ at }, index) => ({ path: ["scrapeConfigs", index], at })),
      ...groups.map(({ at }, index) => ({ path: ["rules", index], at })),
      { path: ["alerting"], at: placeIn(config, ["alerting"]) },
      { path: ["longTerm"], at: placeIn(config, ["remote_write"]) },
    ],
    secrets: [...new Set(heldSecrets([spec.scrapeConfigs, spec.alerting, spec.longTerm]))].toSorted(),
  };
}

function refuseUnknown(config: InputDocument, value: Verbatim): void {
  const known = [...carried, ...Object.keys(left)];
  const [first, ...more] = Object.keys(value)
    .filter((key) => !known.includes(key))
    .map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`;
      const message = `unknown key ${JSON.stringify(key)} at the top of a Prometheus configuration${hint}`;
      return { code: "IMPORT_REFUSED" as const, message, at: config.keyPositionOf([key]) };
    });
  if (first) throw new PromfleetError([first, ...more]);
}

function mapOf(config: InputDocument, key: string): Verbatim {
  const section = (isMap(config.value) ? config.value[key] : undefined) ?? {};
  if (isMap(section)) return section;
  throw new PromfleetError({
    code: "IMPORT_REFUSED",
    message: `${key} is not a map`,
    at: config.keyPositionOf([key]),
  });
}

function listOf(config: InputDocument, key: string): Verbatim[] {
  const section = (isMap(config.value) ? config.value[key] : undefined) ?? [];
  if (Array.isArray(section) && section.every(isMap)) return section;
  throw new PromfleetError({
    code: "IMPORT_REFUSED",
    message: `${key} is not a list of maps`,
    at: config.keyPositionOf([key]),
  });
}

/** Names of files are relative to the file that they stand in; in fleet.yaml, to the working directory. */
function fromHere(section: Verbatim, document: InputDocument): Verbatim {
  return renameFiles(section, (file) => besides(document.file, file));
}

function ownJobLeftOut({ at }: ImportedJob): ImportNote {
  return {
    what: "scrape_configs: promfleet",
    at,
    why: "a job has the name of promfleet's own, which is turned off: spec.monitoring.fleet",
  };
}
