import { readdir } from "node:fs/promises";
import path from "node:path";
import { askVersion } from "./ask-version.ts";
import { programsFolder } from "./cache-folder.ts";
import { type Environment, type FoundProgram, type ProgramName, programs } from "./program.ts";
import { compareVersions } from "./version-order.ts";

/** A file that has the right name but cannot be used, and why. */
export interface Unusable {
  path: string;
  why: string;
}

export interface Installed {
  /** Newest first; among equals PATH before the cache, and PATH in its own order. */
  found: readonly FoundProgram[];
  unusable: readonly Unusable[];
}

/** Everything on PATH and in the cache that bears the name, each file run once for its version. Never rejects. */
export async function installedPrograms(name: ProgramName, env: Environment): Promise<Installed> {
  const candidates = [...onPath(name, env), ...(await inCache(name, env))];
  const looked = await Promise.all(candidates.map((candidate) => look(name, candidate)));
  const found = looked.filter((one) => one !== undefined && "version" in one);
  const unusable = looked.filter((one) => one !== undefined && "why" in one);
  return { found: found.toSorted((one, other) => compareVersions(other.version, one.version)), unusable };
}

interface Candidate {
  path: string;
  source: "path" | "cache";
  /** The version that the cache's folder is named for. */
  named?: string;
}

function onPath(name: ProgramName, env: Environment): Candidate[] {
  const folders = (env["PATH"] ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  const files = folders.flatMap((folder) =>
    programs[name].binaries.map((binary) => path.join(folder, binary)),
  );
  return [...new Set(files)].map((file) => ({ path: file, source: "path" }));
}

async function inCache(name: ProgramName, env: Environment): Promise<Candidate[]> {
  const folder = programsFolder(env);
  const entries = await readdir(folder).catch(() => []);
  return entries
    .filter((entry) => entry.startsWith(`${name}-`) && /^\d/.test(entry.slice(name.length + 1)))
    .map((entry) => ({
      path: path.join(folder, entry, name),
      source: "cache",
      named: entry.slice(name.length + 1),
    }));
}

async function look(name: ProgramName, candidate: Candidate): Promise<FoundProgram | Unusable | undefined> {
  const answer = await askVersion(candidate.path);
  if ("failure" in answer)
    return answer.failure === "there is no such file"
      ? undefined
      : { path: candidate.path, why: answer.failure };
  if (answer.name !== name) return { path: candidate.path, why: `says that it is ${answer.name}` };
  const version = answer.version || candidate.named;
  if (version === undefined) return { path: candidate.path, why: "was built without a version" };
  return { name, path: candidate.path, version, source: candidate.source };
}
