import path from "node:path";
import type { InputDocument } from "../input-document.ts";
import { isMap } from "../shown-value.ts";
import { placeIn } from "./import-note.ts";

/** A name, maybe with wildcards, of files that a configuration is made of too. */
export interface NamedFiles {
  key: "rule_files" | "scrape_config_files";
  /** As Go's filepath.Glob takes it, relative to the working directory or absolute. */
  pattern: string;
  /** `prometheus.yml:7:5` */
  at: string;
}

/** The files that a prometheus.yml names as part of it. */
export function namedFiles(config: InputDocument): NamedFiles[] {
  return (["rule_files", "scrape_config_files"] as const).flatMap((key) => {
    const list = isMap(config.value) ? config.value[key] : undefined;
    const patterns: readonly unknown[] = Array.isArray(list) ? list : [];
    return patterns.flatMap((pattern, index): NamedFiles[] =>
      typeof pattern === "string" && pattern !== ""
        ? [{ key, pattern: besides(config.file, pattern), at: placeIn(config, [key, index]) }]
        : [],
    );
  });
}

/** The path of a file that another one names. */
export function besides(from: string, file: string): string {
  return path.isAbsolute(file) ? file : path.join(path.dirname(from), file);
}
