import path from "node:path";
import type { Verbatim } from "../spec/fleet-spec.ts";

/** Maps of the user's own words, whose keys may look like ours. */
const freeMaps: ReadonlySet<string> = new Set(["labels", "params", "node_meta", "headers", "metadata"]);

/**
 * Makes the file names in verbatim sections of Prometheus' configuration absolute: values of keys that end in `_file`, and
 * the lists under `files` (file_sd_configs, http_headers). Prometheus would take them as relative to its own configuration file.
 * @param baseDir absolute: what the names are relative to
 */
export function withAbsoluteFiles(section: Verbatim, baseDir: string): Verbatim {
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === "string") return key.endsWith("_file") ? absolute(value, baseDir) : value;
    if (Array.isArray(value))
      return value.map((item: unknown) =>
        key === "files" && typeof item === "string" ? absolute(item, baseDir) : visit(item, ""),
      );
    if (typeof value !== "object" || value === null || freeMaps.has(key)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner, name)]));
  };
  return visit(section, "") as Verbatim;
}

function absolute(file: string, baseDir: string): string {
  // an empty name means none
  return file === "" ? file : path.resolve(baseDir, file);
}
