import { randomUUID } from "node:crypto";
import { constants, copyFile, link, lstat, open, rm } from "node:fs/promises";
import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";

/**
 * Writes a file that must not be there yet. Whoever looks sees the whole of it or nothing: it is written beside, and then given
 * its name, which the system refuses where the name is taken.
 * @param mode Unix permission bits, cut by the umask
 * @throws PromfleetError FILE_EXISTS, DISK_FULL, OUTPUT_NOT_WRITABLE
 */
export async function writeNewFile(file: string, content: string, mode: number): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, "wx", mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await giveName(temporary, file);
  } catch (error) {
    throw inTheUsersTerms(error, file);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function giveName(temporary: string, file: string): Promise<void> {
  try {
    await link(temporary, file);
  } catch (error) {
    // file systems without hard links
    if (!isOneOf(error, ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"])) throw error;
    await copyFile(temporary, file, constants.COPYFILE_EXCL);
  }
}

/** @throws PromfleetError FILE_EXISTS: before there is any work to be lost */
export async function refuseExisting(file: string): Promise<void> {
  const there = await lstat(file).then(
    () => true,
    () => false,
  );
  if (there) throw exists(file);
}

function exists(file: string): PromfleetError {
  return new PromfleetError({ code: "FILE_EXISTS", message: `there is a ${file} already` });
}

function isOneOf(error: unknown, codes: readonly string[]): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function inTheUsersTerms(error: unknown, file: string): unknown {
  if (isOneOf(error, ["EEXIST"])) return exists(file);
  if (isOneOf(error, ["ENOSPC", "EDQUOT"]))
    return new PromfleetError(
      { code: "DISK_FULL", message: `no space is left to write ${file}`, advice: "Free some space." },
      { cause: error },
    );
  if (isOneOf(error, ["EACCES", "EPERM", "EROFS", "ENOENT"])) {
    const { code } = error;
    const why = code === "EROFS" ? "the file system is read-only" : "permission denied";
    return new PromfleetError(
      {
        code: "OUTPUT_NOT_WRITABLE",
        message: `cannot write ${file}: ${code === "ENOENT" ? "its folder is gone" : why}`,
        advice: "Correct the permissions of the folder, or work in another one.",
      },
      { cause: error },
    );
  }
  return error;
}
