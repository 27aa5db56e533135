import { existsSync, readdirSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** Where promfleet keeps programs. */
export function programsFolder(): string {
  const cache =
    process.env["PROMFLEET_CACHE"] ??
    path.join(process.env["XDG_CACHE_HOME"] ?? path.join(os.homedir(), ".cache"), "promfleet");
  return path.join(cache, "programs");
}

/** A program that a check needs is not on this machine. */
export class ProgramMissing extends Error {
  override readonly name = "ProgramMissing";
}

/**
 * The path of a program in the cache, of the newest version with the prefix.
 * @param package_ folder name without the version: "prometheus"
 * @throws ProgramMissing
 */
export function cachedProgram(package_: string, version = "", file: string = package_): string {
  const folder = programsFolder();
  const found = (existsSync(folder) ? readdirSync(folder) : [])
    .filter((entry) => entry.startsWith(`${package_}-${version}`))
    .filter((entry) => existsSync(path.join(folder, entry, file)))
    .toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const newest = found.at(-1);
  if (newest === undefined)
    throw new ProgramMissing(
      `${file} ${version} is not in ${folder}; run "make programs", or "make e2e" for what a cluster needs`,
    );
  return path.join(folder, newest, file);
}
