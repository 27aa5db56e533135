import { z } from "zod";

/** JSON Schema of what may be written, for editors. */
export function jsonSchema(schema: z.ZodType, title: string, id: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input", target: "draft-7" });
  return `${JSON.stringify({ $schema, $id: id, title, ...rest }, undefined, 2)}\n`;
}
