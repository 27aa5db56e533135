import { access, constants, realpath } from "node:fs/promises";
import path from "node:path";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { askVersion } from "./ask-version.ts";
import { programsFolder } from "./cache-folder.ts";
import type { DownloadProgress } from "./download.ts";
import { installedPrograms } from "./installed-programs.ts";
import { type PinnedRelease, pinnedReleases } from "./pinned-releases.ts";
import { type Environment, type FoundProgram, type ProgramName, programs } from "./program.ts";
import { matchesVersion } from "./version-order.ts";

export type { FoundProgram, ProgramName } from "./program.ts";

/** What is asked for; both may be absent. */
export interface ProgramWanted {
  /** By prefix: "3", "3.16", "3.16.0". */
  version?: string | undefined;
  /** An explicit path from the spec; nothing else is tried. */
  path?: string | undefined;
}

export interface FindOptions {
  /** Called for every piece of a download. */
  onProgress?: (progress: DownloadProgress) => void;
  /** Ends a download; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** The releases that may be downloaded. */
  releases?: readonly PinnedRelease[];
}

/**
 * Finds a program that can be run: the explicit path; the path in PROMFLEET_PROMETHEUS (…_ALERTMANAGER,
 * …_NODE_EXPORTER); on PATH and in the cache the newest of the version asked for; the official release; the
 * distribution's package. The last two are downloaded into the cache, once.
 *
 * Throws PromfleetError PROGRAM_MISSING with every try and why it failed, PROGRAM_NOT_RUNNABLE or
 * PROGRAM_WRONG_VERSION where the path that was named is of no use (a path that somebody named is never passed over),
 * PROGRAM_HASH_MISMATCH where a download is not what it should be.
 */
export async function findProgram(
  name: ProgramName,
  want: ProgramWanted = {},
  env: Environment = process.env,
  options: FindOptions = {},
): Promise<FoundProgram> {
  if (want.path !== undefined) return named(name, want.path, "spec", want.version);
  const { variable, binaries } = programs[name];
  const fromEnv = env[variable];
  if (fromEnv) return named(name, fromEnv, "environment", want.version);

  const tries: string[] = [`${variable}: is not set`];
  const { found, unusable } = await installedPrograms(name, env);
  const fit = found.find((program) => matchesVersion(program.version, want.version));
  if (fit) return fit;
  for (const { path, why } of unusable) tries.push(`${path}: ${why}`);
  for (const program of found) tries.push(`${program.path}: is ${program.version}`);
  if (found.length + unusable.length === 0)
    tries.push(`PATH and ${programsFolder(env)}: hold no ${binaries.join(" or ")}`);

  const { releases = pinnedReleases, signal } = options;
  // what downloads is large, and most programs are there already: a gateway never needs it
  const { fetchRelease } = await import("./official-release.ts");
  const release = await fetchRelease(name, want.version, env, releases, options);
  if (!("why" in release)) return release;
  tries.push(`${release.what}: ${release.why}`);
  const { fetchDebianPackage } = await import("./debian-package.ts");
  const debian = await fetchDebianPackage(name, want.version, env, signal);
  if (!("why" in debian)) return debian;
  tries.push(`${debian.what}: ${debian.why}`);

  throw missing(name, want.version, tries);
}

/**
 * The path of the program that belongs to it and lies beside it (promtool to prometheus, amtool to alertmanager);
 * undefined where there is none.
 */
export async function companionOf(found: FoundProgram): Promise<string | undefined> {
  const { companion } = programs[found.name];
  if (companion === undefined) return undefined;
  const folders = [path.dirname(found.path), path.dirname(await realpath(found.path))];
  for (const folder of folders) {
    const file = path.join(folder, companion);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return undefined;
}

async function named(
  name: ProgramName,
  file: string,
  source: "spec" | "environment",
  version: string | undefined,
): Promise<FoundProgram> {
  const absolute = path.resolve(file);
  const by = source === "environment" ? `${programs[name].variable}=${file}` : file;
  const answer = await askVersion(absolute);
  const why =
    "failure" in answer
      ? answer.failure
      : answer.name !== name
        ? `says that it is ${answer.name}, not ${name}`
        : answer.version === ""
          ? "was built without a version"
          : undefined;
  if (why !== undefined || "failure" in answer)
    throw new PromfleetError({ code: "PROGRAM_NOT_RUNNABLE", message: `${by}: ${why ?? "cannot be run"}` });
  if (!matchesVersion(answer.version, version))
    throw new PromfleetError({
      code: "PROGRAM_WRONG_VERSION",
      message: `${by} is version ${answer.version}, and ${version} is asked for`,
    });
  return { name, path: absolute, version: answer.version, source };
}

function missing(name: ProgramName, version: string | undefined, tries: readonly string[]): PromfleetError {
  const what = version === undefined ? name : `${name} ${version}`;
  return new PromfleetError({
    code: "PROGRAM_MISSING",
    message: [`no ${what} was found`, ...tries].join("\n  - "),
    advice: `Install ${what}, or set ${programs[name].variable} to the path of one.`,
  });
}
