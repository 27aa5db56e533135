import { randomUUID } from "node:crypto";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";

/**
 * Writes a file so that whoever reads it, even after a power cut, sees the old content or the new one, never a part: a temporary
 * file in the same folder, fsync, rename, fsync of the folder.
 * @param mode Unix permission bits; only the owner may read unless told otherwise
 * @throws PromfleetError DISK_FULL or STATE_NOT_WRITABLE; then the old file is as it was
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${path.basename(file)}.${randomUUID()}.tmp`);
  try {
    await writeThrough(temporary, content, mode);
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asWriteError(error, file);
  }
}

async function writeThrough(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  const handle = await open(file, "wx", mode);
  try {
    await handle.writeFile(content);
    // what `open` was given is cut by the umask
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what writes that were cut off left in a folder. Only for folders that nobody else writes to at that moment. */
export async function sweepTemporaries(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => /^\..+\.[0-9a-f-]{36}\.tmp$/.test(name));
  await Promise.all(left.map(async (name) => await rm(path.join(folder, name), { force: true })));
}

/** Makes a rename or a removal in the folder last. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, "r");
    await handle.sync();
  } catch (error) {
    // some file systems do not let a folder be synced; there is nothing better to do
    if (!isCode(error, ["EINVAL", "ENOTSUP", "EISDIR", "EPERM"])) throw error;
  } finally {
    await handle?.close();
  }
}

/** What the system said about a write, in the user's terms; anything else as it is. */
export function asWriteError(error: unknown, file: string): unknown {
  if (isCode(error, ["ENOSPC", "EDQUOT"]))
    return new PromfleetError(
      { code: "DISK_FULL", message: `no space is left to write ${file}` },
      { cause: error },
    );
  if (isCode(error, ["EACCES", "EPERM", "EROFS", "ENOTDIR", "ELOOP", "EEXIST"]))
    return new PromfleetError(
      { code: "STATE_NOT_WRITABLE", message: `cannot write ${file}: ${reason(error)}` },
      { cause: error },
    );
  return error;
}

/** Whether an error is the system's own with one of the codes. */
export function isCode(error: unknown, codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === "EROFS") return "the file system is read-only";
  if (error.code === "ENOTDIR") return "a part of the path is not a folder";
  if (error.code === "EEXIST") return "it is not a folder";
  return "permission denied";
}
