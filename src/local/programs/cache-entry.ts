import { randomBytes } from "node:crypto";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { askVersion } from "./ask-version.ts";
import { programsFolder } from "./cache-folder.ts";
import type { Environment, FoundProgram, ProgramName, ProgramSource } from "./program.ts";

/**
 * Makes a folder of the cache, whole or not at all: `fill` puts the binaries (named as the program is) into a folder
 * beside it, the program is run for its version there, and the folder is renamed to `<name>-<version>`. Whatever
 * fails leaves nothing behind; where another process was quicker, its folder stands.
 */
export async function makeCacheEntry(
  name: ProgramName,
  source: ProgramSource,
  env: Environment,
  fill: (folder: string, scratch: string) => Promise<void>,
): Promise<FoundProgram> {
  const programs = programsFolder(env);
  await mkdir(programs, { recursive: true });
  await removeAbandoned(programs);
  const work = path.join(programs, `.new-${host()}-${process.pid}-${randomBytes(6).toString("hex")}`);
  const fresh = path.join(work, "entry");
  const scratch = path.join(work, "scratch");
  try {
    await mkdir(fresh, { recursive: true });
    await mkdir(scratch);
    await fill(fresh, scratch);
    const answer = await askVersion(path.join(fresh, name));
    if ("failure" in answer) throw new Error(`the ${name} in it ${answer.failure}`);
    if (answer.name !== name) throw new Error(`the ${name} in it says that it is ${answer.name}`);
    if (answer.version === "") throw new Error(`the ${name} in it was built without a version`);
    const entry = path.join(programs, `${name}-${answer.version}`);
    await place(fresh, entry, name, path.join(work, "broken"));
    return { name, path: path.join(entry, name), version: answer.version, source };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function place(fresh: string, entry: string, name: ProgramName, aside: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await rename(fresh, entry);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== "ENOTEMPTY" && code !== "EEXIST") || tries > 0) throw error;
    }
    // Somebody was quicker: as good as ours, unless it was damaged later.
    const there = await askVersion(path.join(entry, name));
    if (!("failure" in there)) return;
    await rename(entry, aside);
  }
}

function host(): string {
  return hostname().replace(/[^A-Za-z0-9]/g, "_");
}

/** Removes what processes that were killed left behind: of this host at once, of others after a day. */
async function removeAbandoned(programs: string): Promise<void> {
  for (const entry of await readdir(programs)) {
    const made = /^\.new-(\w+)-(\d+)-[0-9a-f]+$/.exec(entry);
    if (!made) continue;
    const folder = path.join(programs, entry);
    const facts = await stat(folder).catch(() => undefined);
    const old = facts !== undefined && Date.now() - facts.mtimeMs > 86_400_000;
    if (old || (made[1] === host() && !isRunning(Number(made[2]))))
      await rm(folder, { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
