import { PromfleetError } from "../../errors/promfleet-error.ts";
import { readDocument } from "../document.ts";
import type { InputDocument, ValuePath } from "../input-document.ts";
import { prometheusDuration } from "../job-findings.ts";
import { readsBack, wantsString } from "../prometheus-strings.ts";
import { isMap } from "../shown-value.ts";

/** A file of an existing Prometheus: its configuration, rules, or scrape configs. */
export interface SourceFile {
  /** Its path as it was named, relative to the working directory or absolute. */
  name: string;
  text: string;
}

/**
 * Reads a file of Prometheus' own, with every scalar as Prometheus takes it: text where it wants text, whatever YAML would make
 * of it. An empty file is an empty map.
 * @throws PromfleetError IMPORT_REFUSED, INPUT_TOO_LARGE
 */
export function readSource({ name, text }: SourceFile): InputDocument {
  if (/^(?:[ \t]*(?:#.*|---)?\r?\n)*[ \t]*(?:#.*|---)?$/.test(text)) return readSource({ name, text: "{}" });
  const document = asImport(() => readDocument(text, name));
  const [first, ...more] = document.complaints.map((complaint) => ({
    ...complaint,
    code: "IMPORT_REFUSED" as const,
  }));
  if (first) throw new PromfleetError([first, ...more]);
  if (!isMap(document.value))
    throw new PromfleetError({
      code: "IMPORT_REFUSED",
      message: `${name} is no configuration: a map is expected`,
      at: { file: name, line: 1, column: 1 },
    });
  return { ...document, value: asTaken(document.value, [], document) };
}

function asImport<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PromfleetError) || error.code !== "INPUT_SYNTAX") throw error;
    const [{ message, at }] = error.complaints;
    throw new PromfleetError({ code: "IMPORT_REFUSED", message, at }, { cause: error });
  }
}

function asTaken(value: unknown, path: ValuePath, document: InputDocument): unknown {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => asTaken(item, [...path, index], document));
  if (isMap(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, asTaken(inner, [...path, key], document)]),
    );
  const isText = wantsString(path) || prometheusDuration.test(String(path.at(-1)));
  if (value === null) return isText && typeof path.at(-2) === "string" && wantsString(path) ? "" : value;
  if (typeof value === "string") return value;
  const source = document.plainSourceOf(path) ?? JSON.stringify(value);
  if (isText || value instanceof Date) return source;
  // 0123 is a number where Prometheus has numbers, which it has under these keys
  const isNumber = typeof value === "boolean" || counts.test(String(path.at(-1)));
  return isNumber || readsBack(value, source) ? value : source;
}

const counts = /limit|port|max_|min_|capacity|shards|size|buckets|factor|fraction/;
