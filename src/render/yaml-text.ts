import { stringify } from "yaml";

/**
 * YAML as Prometheus reads it: the parser there follows YAML 1.1, so words such as `on`, `yes` or `1:30` are quoted. The same
 * value always gives the same text; there are no anchors and lines are not folded.
 */
export function yamlText(value: unknown): string {
  return stringify(value, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
}
