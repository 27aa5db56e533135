import { parseDuration } from "../../promql/duration.ts";
import type { Verbatim } from "../fleet-spec.ts";
import type { InputDocument } from "../input-document.ts";
import { isMap } from "../shown-value.ts";
import { type ImportNote, placeIn } from "./import-note.ts";
import { isReplicaLabel } from "./replica-label.ts";

export interface ImportedGlobal {
  /** spec.prometheus */
  prometheus: Verbatim;
  /** The external label that told the servers of a pair apart. */
  replicaLabel: string | undefined;
  notCarried: readonly ImportNote[];
  changed: readonly ImportNote[];
}

/** What Prometheus has where a configuration does not tell; a fleet's own defaults are others. */
const usualInterval = "1m";

/** Files that all servers of this machine would write to at once. */
const sharedFiles = ["query_log_file", "scrape_failure_log_file"];

/** The `global` section as spec.prometheus. */
export function importedGlobal(config: InputDocument, global: Verbatim): ImportedGlobal {
  const { scrape_interval, scrape_timeout, evaluation_interval, external_labels, ...others } = global;
  const notCarried: ImportNote[] = [];
  const changed: ImportNote[] = [];
  const noted = (key: string, why: string): ImportNote => ({
    what: `global.${key}`,
    at: placeIn(config, ["global", ...key.split(/\.(.*)/s, 2)]),
    why,
  });
  for (const key of sharedFiles)
    if (others[key] !== undefined)
      notCarried.push(noted(key, "all servers of a machine would write into one file; not built yet"));
  const rest = Object.entries(others).filter(([key, value]) => !sharedFiles.includes(key) && value !== null);

  const labels: Record<string, unknown> = {};
  let replicaLabel: string | undefined;
  for (const [name, value] of Object.entries(isMap(external_labels) ? external_labels : {})) {
    const key = `external_labels.${name}`;
    if (isReplicaLabel(name)) {
      replicaLabel ??= name;
      changed.push(
        noted(
          key,
          "taken off: replicas are alike, and promfleet adds a label of its own to what it writes remotely",
        ),
      );
    } else if (typeof value === "string" && value.includes("$"))
      notCarried.push(
        noted(key, `environment variables are not expanded: write its value in the place of it`),
      );
    else labels[name] = value;
  }
  const prometheus = {
    scrapeInterval: longerThanNothing(scrape_interval) ?? usualInterval,
    scrapeTimeout: longerThanNothing(scrape_timeout),
    evaluationInterval: longerThanNothing(evaluation_interval) ?? usualInterval,
    externalLabels: Object.keys(labels).length > 0 ? labels : undefined,
    global: rest.length > 0 ? Object.fromEntries(rest) : undefined,
  };
  return { prometheus, replicaLabel, notCarried, changed };
}

/** A duration of 0 is one that Prometheus fills in, and so is none. */
function longerThanNothing(duration: unknown): unknown {
  const none = duration === undefined || duration === null || duration === "";
  return none || (typeof duration === "string" && parseDuration(duration) === 0) ? undefined : duration;
}
