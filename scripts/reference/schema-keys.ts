import { z } from "zod";
import { table } from "./markdown.ts";

interface Key {
  name: string;
  expected: string;
  otherwise: string;
  meaning: string;
}

/** A table of keys for every map that a schema has, each under a heading with its place. */
export function keyTables(schema: z.ZodType, place = ""): string[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodArray) return keyTables(inner.element as z.ZodType, `${place}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  const shape = Object.entries<z.ZodType>(inner.shape);
  const rows = shape
    .map(([name, child]) => keyOf(name, child))
    .map(({ name, expected, otherwise, meaning }) => [`\`${name}\``, expected, otherwise, meaning]);
  const heading = place === "" ? "### At the top" : `### \`${place}\``;
  const open = inner.def.catchall instanceof z.ZodUnknown;
  const others = open ? "\n\nAnd whatever else Prometheus has there, as it is." : "";
  return [
    `${heading}\n\n${table(["key", "value", "default", "meaning"], rows)}${others}`,
    ...shape.flatMap(([name, child]) => keyTables(child, place === "" ? name : `${place}.${name}`)),
  ];
}

function keyOf(name: string, schema: z.ZodType): Key {
  const left = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault;
  const otherwise =
    schema instanceof z.ZodDefault
      ? `\`${JSON.stringify(schema.def.defaultValue)}\``
      : left
        ? ""
        : "required";
  return { name, expected: expectedOf(schema), otherwise, meaning: schema.description ?? "" };
}

/** What a complaint would say is expected. */
function expectedOf(schema: z.ZodType): string {
  const { error } = unwrapped(schema).safeParse(Symbol("nothing that can be written"));
  return (error?.issues[0]?.message ?? "").replace(/,$/, "");
}

function unwrapped(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)
    return unwrapped(schema.unwrap() as z.ZodType);
  return schema;
}
