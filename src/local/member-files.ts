import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import type { RenderedFile } from "../render/rendered-file.ts";
import { asWriteError, isCode, writeAtomically } from "./atomic-write.ts";

/** The files of a root folder that are not as rendered: other content, or not there. */
export async function differingFiles(root: string, files: readonly RenderedFile[]): Promise<RenderedFile[]> {
  const differs = await Promise.all(
    files.map(async (file) => (await contentOf(path.join(root, file.path))) !== file.content),
  );
  return files.filter((_, index) => differs[index]);
}

/** Makes the files what they are rendered to be; those that are so already are not touched. @returns whether any was written */
export async function writeFiles(root: string, files: readonly RenderedFile[]): Promise<boolean> {
  const differing = await differingFiles(root, files);
  for (const file of differing) {
    const destination = path.join(root, file.path);
    await mkdir(path.dirname(destination), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw asWriteError(error, destination);
    });
    await writeAtomically(destination, file.content, file.mode);
  }
  return differing.length > 0;
}

/** Removes rule files that nothing names any more. @param names of those that stay */
export async function removeOldRuleFiles(folder: string, names: ReadonlySet<string>): Promise<void> {
  const there = await readdir(folder).catch(() => []);
  const old = there.filter((name) => /^rules-.*\.yml$/.test(name) && !names.has(name));
  await Promise.all(old.map(async (name) => await rm(path.join(folder, name), { force: true })));
}

/** @returns undefined when there is no such file */
export async function contentOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isCode(error, ["ENOENT"])) return undefined;
    throw asWriteError(error, file);
  }
}
