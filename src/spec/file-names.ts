import type { Verbatim } from "./fleet-spec.ts";

/** Maps of the user's own words, whose keys may look like ours. */
const freeMaps: ReadonlySet<string> = new Set(["labels", "params", "node_meta", "headers", "metadata"]);

/**
 * Gives the files that a section of Prometheus' configuration names other names: values of keys that end in `_file`, and the
 * lists under `files` (file_sd_configs, http_headers). An empty name means none, and stays.
 */
export function renameFiles(section: Verbatim, rename: (file: string) => string): Verbatim {
  const renamed = (file: string) => (file === "" ? file : rename(file));
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return key.endsWith("_file") ? renamed(value) : value;
    if (Array.isArray(value))
      return value.map((item: unknown) =>
        key === "files" && typeof item === "string" ? renamed(item) : visit(item, ""),
      );
    if (typeof value !== "object" || value === null || freeMaps.has(key)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, name)]));
  };
  return visit(section, "") as Verbatim;
}
