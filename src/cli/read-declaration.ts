import { access, readFile } from "node:fs/promises";
import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { FleetText } from "../local/accept-fleet.ts";

/** What a fleet.yaml is called where none is named. */
export const usualFile = "fleet.yaml";

/** Reads a fleet.yaml. @throws PromfleetError FILE_ABSENT, FILE_UNREADABLE */
export async function readDeclaration(file: string): Promise<FleetText & { source: string }> {
  try {
    return { source: file, baseDir: path.dirname(path.resolve(file)), text: await readFile(file, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new PromfleetError({ code: "FILE_ABSENT", message: `there is no ${file}` }, { cause: error });
    const why =
      code === "EISDIR" ? "it is a folder" : code === "EACCES" ? "permission denied" : String(code ?? error);
    throw new PromfleetError(
      { code: "FILE_UNREADABLE", message: `cannot read ${file}: ${why}` },
      { cause: error },
    );
  }
}

/** The fleet.yaml of the current folder, if there is one. */
export async function usualDeclaration(): Promise<string | undefined> {
  return await access(usualFile).then(
    () => usualFile,
    () => undefined,
  );
}
