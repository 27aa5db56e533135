import { createHash } from "node:crypto";
import { lstat, readFile, readdir, readlink } from "node:fs/promises";
import path from "node:path";

/** What lies in a folder, all the way down: a line a file, with its mode and the hash of its content. */
export async function folderSnapshot(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return await Promise.all(names.toSorted().map((name) => describe(folder, name)));
}

async function describe(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  const stat = await lstat(file);
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isSymbolicLink()) return `${name} -> ${await readlink(file)}`;
  if (!stat.isFile()) return `${name} ${mode}`;
  return `${name} ${mode} ${createHash("sha256")
    .update(await readFile(file))
    .digest("hex")}`;
}

/** What is in one of the snapshots and not in the other. */
export function changes(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((line) => !after.includes(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ];
}
