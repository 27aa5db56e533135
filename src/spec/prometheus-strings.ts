import { secretKeys } from "./import/held-secrets.ts";
import type { ValuePath } from "./input-document.ts";
import type { Finding, SourceOf } from "./schema-complaints.ts";
import { pathText } from "./schema-complaints.ts";
import { isMap, isPlain, quoteAdvice, shownWithType } from "./shown-value.ts";

/** Maps whose values are strings, whatever their keys. */
const stringMaps: ReadonlySet<string> = new Set([
  "labels",
  "annotations",
  "external_labels",
  "externalLabels",
  "headers",
  "params",
  "endpoint_params",
  "node_meta",
]);

/** Keys whose values are strings that may well look like something else. */
const stringKeys: ReadonlySet<string> = new Set([
  "job_name",
  "metrics_path",
  "path_prefix",
  "name",
  "record",
  "alert",
  "expr",
  "regex",
  "replacement",
  "separator",
  "target_label",
  "username",
  "password",
  "credentials",
  "bearer_token",
  "client_id",
  "client_secret",
  "token",
  "access_key",
  "secret_key",
  "server_name",
  "region",
  "role",
]);

/** Whether Prometheus wants a string at a place within its configuration. */
export function wantsString(path: ValuePath): boolean {
  const last = path.at(-1);
  if (path.slice(0, -1).some((step) => typeof step === "string" && stringMaps.has(step))) return true;
  // no list of Prometheus' configuration holds numbers
  return typeof last === "number" || (last !== undefined && stringKeys.has(last));
}

/**
 * Scalars of Prometheus' own sections that YAML makes something else of than is written: anything but a string where Prometheus
 * wants one, and elsewhere what would be written back differently (`0123`, `on`, `1.10`). Prometheus would read what is written,
 * kubectl would not.
 */
export function stringFindings(section: unknown, path: ValuePath, sourceOf: SourceOf): Finding[] {
  if (Array.isArray(section))
    return section.flatMap((item: unknown, index) => stringFindings(item, [...path, index], sourceOf));
  if (isMap(section))
    return Object.entries(section).flatMap(([key, value]) => stringFindings(value, [...path, key], sourceOf));
  if (section === null && stringMaps.has(String(path.at(-2)))) {
    const message = `${pathText(path)} is empty; a string is expected`;
    return [{ code: "SPEC_NOT_A_STRING", message, path, advice: 'Write "" where it is meant to be empty.' }];
  }
  if (!isPlain(section)) return [];
  const source = sourceOf(path);
  if (isSecret(path)) {
    if (!wantsString(path) && (source === undefined || readsBack(section, source))) return [];
    const type = section instanceof Date ? "date" : typeof section;
    const message = `${pathText(path)} is a ${type} as YAML reads it, and Prometheus wants a string there`;
    return [{ code: "SPEC_NOT_A_STRING", message, path, advice: "Put it in quotes." }];
  }
  const what = `${pathText(path)} is ${shownWithType(section, source)}`;
  if (wantsString(path)) {
    const message = `${what}, and Prometheus wants a string there`;
    return [{ code: "SPEC_NOT_A_STRING", message, path, advice: quoteAdvice(source) }];
  }
  if (source === undefined || readsBack(section, source)) return [];
  const other = section instanceof Date ? "a date" : JSON.stringify(section);
  const advice = `Write ${JSON.stringify(source)} for the text, or ${other} if that is meant.`;
  const message = `${what}, which other readers of YAML take for ${other}`;
  return [
    {
      code: "SPEC_NOT_A_STRING",
      message,
      path,
      advice: section instanceof Date ? quoteAdvice(source) : advice,
    },
  ];
}

/** Whether a secret stands there, which is for no terminal and no log. */
function isSecret(path: ValuePath): boolean {
  const key = path.findLast((step) => typeof step === "string");
  return key !== undefined && secretKeys.has(key);
}

/** Whether every reader of YAML takes a plain scalar for the same value. */
export function readsBack(value: unknown, source: string): boolean {
  return typeof value === "number"
    ? /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(source)
    : typeof value === "boolean" && String(value) === source;
}
