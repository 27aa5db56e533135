import { mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { RenderedFile } from "../render/rendered-file.ts";
import { isCode } from "./atomic-write.ts";

/** Marks a folder as written here, so that it may be replaced, and names the files that were. */
const marker = ".promfleet-rendered";

/** What a file system answers where it cannot be written; ENOENT is that of /proc. */
const refusals = [
  "EACCES",
  "EBUSY",
  "EDQUOT",
  "EEXIST",
  "ELOOP",
  "ENAMETOOLONG",
  "ENOENT",
  "ENOSPC",
  "ENOTDIR",
  "EPERM",
  "EROFS",
];

/**
 * Makes a folder hold exactly these files. It is written beside and then takes the old one's place, so a failure leaves what
 * was there.
 * @param force replaces a folder with files of somebody else too
 * @param kept path that must not be lost, with force neither
 * @throws PromfleetError OUTPUT_NOT_EMPTY, OUTPUT_NOT_WRITABLE
 */
export async function writeFolder(
  folder: string,
  files: readonly RenderedFile[],
  force: boolean,
  kept?: string,
): Promise<void> {
  // a link stays, and what it leads to is written
  const target = await realpath(folder).catch(() => path.resolve(folder));
  for (const inside of [process.cwd(), ...(kept === undefined ? [] : [kept])])
    if (isWithin(target, await realpath(inside).catch(() => path.resolve(inside))))
      throw new PromfleetError({
        code: "OUTPUT_NOT_EMPTY",
        message: `${folder} would be replaced as a whole, and ${inside} with it`,
        advice: "Name a folder of its own for the files.",
      });
  const there = await contents(target);
  const [foreign] = force ? [] : await foreignFiles(target, there);
  if (foreign !== undefined)
    throw new PromfleetError({
      code: "OUTPUT_NOT_EMPTY",
      message: `${folder} holds files that promfleet did not write, ${JSON.stringify(foreign)} among them`,
    });
  let made: string | undefined;
  try {
    await mkdir(path.dirname(target), { recursive: true });
    made = await mkdtemp(`${target}.new-`);
    const names = files.map((file) => file.path).toSorted();
    await writeFile(path.join(made, marker), names.map((name) => `${name}\n`).join(""));
    for (const file of files) {
      const destination = path.join(made, file.path);
      await mkdir(path.dirname(destination), { recursive: true, mode: 0o700 });
      await writeFile(destination, file.content, { mode: file.mode });
    }
    await replace(target, made, there.length > 0);
  } catch (error) {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    if (!isCode(error, refusals)) throw error;
    const message = `cannot write ${folder}: ${error.message}`;
    throw new PromfleetError({ code: "OUTPUT_NOT_WRITABLE", message }, { cause: error });
  }
}

function isWithin(folder: string, inside: string): boolean {
  const way = path.relative(folder, inside);
  return way === "" || (way !== ".." && !way.startsWith(`..${path.sep}`));
}

/** @param there what is in the folder, those of its subfolders left out */
async function foreignFiles(folder: string, there: readonly string[]): Promise<readonly string[]> {
  if (!there.includes(marker)) return there;
  const own = new Set([marker, ...(await readFile(path.join(folder, marker), "utf8")).split("\n")]);
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((name) => !own.has(name));
}

async function contents(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isCode(error, ["ENOENT"])) return [];
    if (!isCode(error, ["ENOTDIR", "EACCES"])) throw error;
    const message = `cannot write into ${folder}: ${error.message}`;
    throw new PromfleetError({ code: "OUTPUT_NOT_WRITABLE", message }, { cause: error });
  }
}

/** A rename replaces an empty folder; one with files in it goes aside first, and comes back if the new one cannot take its place. */
async function replace(target: string, made: string, full: boolean): Promise<void> {
  if (!full) return rename(made, target);
  const aside = `${made}.old`;
  await rename(target, aside);
  try {
    await rename(made, target);
  } catch (error) {
    await rename(aside, target);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
}
