import { access } from "node:fs/promises";
import path from "node:path";
import type { FleetText } from "../local/accept-fleet.ts";
import { readText } from "./read-text.ts";

/** What a fleet.yaml is called where none is named. */
export const usualFile = "fleet.yaml";

/** Reads a fleet.yaml. @throws PromfleetError FILE_ABSENT, FILE_UNREADABLE, … */
export async function readDeclaration(file: string): Promise<FleetText & { source: string }> {
  return { source: file, baseDir: path.dirname(path.resolve(file)), text: await readText(file) };
}

/** The fleet.yaml of the current folder, if there is one. */
export async function usualDeclaration(): Promise<string | undefined> {
  return await access(usualFile).then(
    () => usualFile,
    () => undefined,
  );
}
