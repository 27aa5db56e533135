import { readFile } from "node:fs/promises";
import type { ZodType } from "zod";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { isCode, writeAtomically } from "./atomic-write.ts";

/**
 * Reads a JSON file that promfleet wrote.
 * @returns undefined when there is none
 * @throws PromfleetError STATE_CORRUPT when it holds anything else: what was known is never silently forgotten; FILE_UNREADABLE
 */
export async function readStateFile<T>(file: string, schema: ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (isCode(error, ["ENOENT", "ENOTDIR"])) return undefined;
    if (!isCode(error, ["EACCES", "EPERM", "EISDIR", "ELOOP"])) throw error;
    throw new PromfleetError(
      {
        code: "FILE_UNREADABLE",
        message: `cannot read ${file}: ${error.code === "EISDIR" ? "it is a folder" : "permission denied"}`,
        advice: "Run this as the user whose fleet it is, or name another folder with --state.",
      },
      { cause: error },
    );
  }
  const corrupt = (why: string) =>
    new PromfleetError({ code: "STATE_CORRUPT", message: `${file} is damaged: ${why}` });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw corrupt(error instanceof Error ? error.message : String(error));
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw corrupt(`${issue?.path.join(".") || "content"}: ${issue?.message ?? "not as expected"}`);
}

/** Writes a JSON file for readStateFile, so that no power cut can damage it. */
export async function writeStateFile(file: string, value: unknown): Promise<void> {
  await writeAtomically(file, `${JSON.stringify(value, null, 2)}\n`);
}
