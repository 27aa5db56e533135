import { createHash } from "node:crypto";
import type { RuleGroup } from "../spec/fleet-spec.ts";
import { yamlText } from "../spec/yaml-text.ts";

/** A file of rule groups; its name changes with its content. */
export interface RuleFile {
  name: string;
  content: string;
}

/**
 * The files of a shard's rule groups. Prometheus refuses two groups of one name in a file, not in two files: the second of a
 * name goes into the second file.
 */
export function ruleFiles(groups: readonly RuleGroup[]): RuleFile[] {
  const files: RuleGroup[][] = [];
  for (const group of groups) {
    const file = files.find((others) => others.every(({ name }) => name !== group.name));
    if (file) file.push(group);
    else files.push([group]);
  }
  return files.map((file, index) => {
    const content = yamlText({ groups: file.map(({ group }) => group) });
    return { name: `rules-${index}-${contentHash(content)}.yml`, content };
  });
}

/** 80 bits of a sha256, as hexadecimal digits. */
export function contentHash(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 20);
}
