import type { Verbatim } from "../fleet-spec.ts";
import type { InputDocument } from "../input-document.ts";
import { isMap } from "../shown-value.ts";
import { type ImportNote, placeIn } from "./import-note.ts";

/** One scrape config, and where it comes from. */
export interface ImportedJob {
  config: Verbatim;
  /** `prometheus.yml:7:3` */
  at: string;
  changed: readonly ImportNote[];
}

/** The scrape configs of a file. */
export function importedJobs(document: InputDocument): ImportedJob[] {
  const list = isMap(document.value) ? document.value["scrape_configs"] : undefined;
  const jobs: readonly unknown[] = Array.isArray(list) ? list : [];
  return jobs.filter(isMap).map((job, index) => {
    const at = placeIn(document, ["scrape_configs", index]);
    if (!hidesItsTargets(job)) return { config: job, at, changed: [] };
    const why =
      "all its targets have the address of one exporter and no instance: they are spread by what that is asked for";
    const what = `scrape_configs: ${String(job["job_name"])}`;
    return { config: { ...job, shardKey: ["__param_target"] }, at, changed: [{ what, at, why }] };
  });
}

/**
 * Whether the targets of a job are told apart by the parameter of a multi-target exporter alone: one step copies something into
 * __param_target, another sets __address__ to one and the same value, none sets instance.
 */
function hidesItsTargets(job: Verbatim): boolean {
  const list = job["relabel_configs"];
  const steps = Array.isArray(list) ? list.filter(isMap) : [];
  const sets = (label: string) => steps.filter((step) => step["target_label"] === label);
  const fixed = sets("__address__").some(
    ({ source_labels, replacement }) =>
      typeof replacement === "string" &&
      !replacement.includes("$") &&
      (source_labels === undefined || (Array.isArray(source_labels) && source_labels.length === 0)),
  );
  return fixed && sets("__param_target").length > 0 && sets("instance").length === 0;
}
