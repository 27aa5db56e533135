import { z } from "zod";
import type { Complaint } from "../errors/promfleet-error.ts";
import type { ErrorCode } from "../errors/catalogue.ts";
import type { ValuePath } from "./input-document.ts";
import { nearest } from "./nearest.ts";
import { isMap, isPlain, quoteAdvice, shown, shownWithType } from "./shown-value.ts";

/** How a kind of file speaks of its mistakes. */
export interface SchemaWords {
  unknownKey: ErrorCode;
  missing: ErrorCode;
  invalid: ErrorCode;
  /** A scalar that has to be quoted. */
  notAString?: ErrorCode;
  /** Keys that are refused by name, by the map that they would stand in: {"spec": ["backup"]}. */
  notBuilt?: Readonly<Record<string, readonly string[]>>;
}

/** A scalar as it was written, if it was without quotes. */
export type SourceOf = (path: ValuePath) => string | undefined;

/** Something wrong, and the path of the value (or key) that it is about. */
export interface Finding extends Omit<Complaint, "at"> {
  path: ValuePath;
  /** It is about the key, not about the value. */
  atKey?: boolean;
}

/** Says what zod found wrong in a value. */
export function schemaFindings(
  schema: z.ZodType,
  root: unknown,
  issues: readonly z.core.$ZodIssue[],
  words: SchemaWords,
  sourceOf: SourceOf,
): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== "symbol");
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => unknownKey(schema, path, key, words));
    const found = valueAt(root, path);
    if (found === undefined) {
      const message = `${pathText(path)} is missing; ${issue.message} is expected`;
      return [{ code: words.missing, message, path: path.slice(0, -1), atKey: true }];
    }
    const where = pathText(path) || "the file";
    const source = sourceOf(path);
    if (isPlain(found) && source !== undefined && wouldFit(schema, path, source)) {
      const message = `${where} is ${shownWithType(found, source)}; ${issue.message} is expected`;
      return [{ code: words.notAString ?? words.invalid, message, path, advice: quoteAdvice(source) }];
    }
    const message = `${where} is ${shown(found, source)}; ${issue.message} is expected`;
    return [{ code: words.invalid, message, path }];
  });
}

/** Whether a scalar would be what is expected if it were quoted. */
function wouldFit(schema: z.ZodType, path: ValuePath, source: string): boolean {
  return schemaAt(schema, path)?.safeParse(source).success ?? false;
}

function unknownKey(schema: z.ZodType, path: ValuePath, key: string, words: SchemaWords): Finding {
  const parent = pathText(path);
  const at = { path: [...path, key], atKey: true };
  if (words.notBuilt?.[parent]?.includes(key))
    return { code: "SPEC_NOT_BUILT", message: `${pathText([...path, key])} is not built yet`, ...at };
  const keys = Object.keys(shapeAt(schema, path) ?? {});
  const elsewhere = placesOf(key, schema).find((place) => place !== parent && isNear(place, parent));
  const near = nearest(key, keys);
  const hint =
    near !== undefined
      ? `; did you mean ${JSON.stringify(near)}?`
      : elsewhere !== undefined
        ? `; it belongs into ${elsewhere}`
        : keys.length > 0 && keys.length <= 12
          ? `; known here: ${keys.join(", ")}`
          : "";
  const message = `unknown key ${JSON.stringify(key)} ${parent === "" ? "at the top" : `in ${parent}`}${hint}`;
  return { code: words.unknownKey, message, ...at };
}

/** Whether a key may have strayed from one place to the other: keys of a list's items stay in that list. */
function isNear(place: string, from: string): boolean {
  const [list = "", inList] = place.split("[]");
  return inList === undefined || from.startsWith(`${list}[`);
}

/** Every place where a schema has the key. */
function placesOf(key: string, schema: z.ZodType, path: ValuePath = []): string[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray) return placesOf(key, inner.element as z.ZodType, [...path, 0]);
  if (!(inner instanceof z.ZodObject)) return [];
  const shape = inner.shape as Record<string, z.ZodType>;
  const here = Object.hasOwn(shape, key) ? [pathText(path).replaceAll("[0]", "[]")] : [];
  return [
    ...here,
    ...Object.entries(shape).flatMap(([name, child]) => placesOf(key, child, [...path, name])),
  ];
}

function shapeAt(schema: z.ZodType, path: ValuePath): Record<string, z.ZodType> | undefined {
  const inner = schemaAt(schema, path);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

function schemaAt(schema: z.ZodType, path: ValuePath): z.ZodType | undefined {
  let inner: z.ZodType | undefined = unwrapped(schema);
  for (const step of path) {
    const child: unknown =
      inner instanceof z.ZodArray
        ? inner.element
        : inner instanceof z.ZodRecord
          ? inner.valueType
          : inner instanceof z.ZodObject && Object.hasOwn(inner.shape, String(step))
            ? (inner.shape as Record<string, unknown>)[String(step)]
            : undefined;
    if (!(child instanceof z.ZodType)) return undefined;
    inner = unwrapped(child);
  }
  return inner;
}

/** The value without what is null: YAML has it where a key is written and nothing after it. Only where the schema has keys of its own. */
export function withoutEmptyKeys(schema: z.ZodType, value: unknown): unknown {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((item: unknown) => withoutEmptyKeys(inner.element as z.ZodType, item));
  if (!(inner instanceof z.ZodObject) || !isMap(value)) return value;
  const shape = inner.shape as Record<string, z.ZodType>;
  const entries = Object.entries(value).filter(
    ([key, child]) => child !== null || !Object.hasOwn(shape, key),
  );
  return Object.fromEntries(
    entries.map(([key, child]) => {
      const own = Object.hasOwn(shape, key) ? shape[key] : undefined;
      return [key, own ? withoutEmptyKeys(own, child) : child];
    }),
  );
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrapped(schema.unwrap() as z.ZodType);
  return schema;
}

/** `spec.scrapeConfigs[0].job_name` */
export function pathText(path: ValuePath): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
}

function valueAt(root: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)] as unknown;
    return isMap(value) && Object.hasOwn(value, String(step)) ? value[String(step)] : undefined;
  }, root);
}
