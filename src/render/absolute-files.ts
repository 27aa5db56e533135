import path from "node:path";
import { renameFiles } from "../spec/file-names.ts";
import type { Verbatim } from "../spec/fleet-spec.ts";

/**
 * Makes the file names in verbatim sections of Prometheus' configuration absolute. Prometheus would take them as relative to its
 * own configuration file.
 * @param baseDir absolute: what the names are relative to
 */
export function withAbsoluteFiles(section: Verbatim, baseDir: string): Verbatim {
  return renameFiles(section, (file) => path.resolve(baseDir, file));
}
