import { access, chmod, constants, mkdir, readdir, rm, statfs } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { asWriteError, isCode, sweepTemporaries } from "./atomic-write.ts";
import type { Environment } from "./programs/program.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";
import { defaultState, stateHome, type StatePaths, statePaths } from "./state-paths.ts";

const markerSchema = z.object({ format: z.literal(1), fleet: z.string() });

/** Bytes that must be free for a fleet to start: a server's first write-ahead log and its mapped head chunks. */
const leastFree = 32 * 1024 ** 2;

/**
 * Which folder is meant: `--state`, PROMFLEET_STATE, the fleet's own by its name, else the only one that there is.
 * @param fleet name, where it is known
 * @throws PromfleetError FLEET_AMBIGUOUS
 */
export async function whichState(
  asked: string | undefined,
  fleet: string | undefined,
  env: Environment,
): Promise<StatePaths> {
  const named = asked ?? (env["PROMFLEET_STATE"] || undefined);
  if (named !== undefined) return statePaths(named);
  const home = stateHome(env);
  if (fleet !== undefined) return statePaths(defaultState(fleet, env));
  const fleets = await fleetsIn(home);
  const [only = "main"] = fleets;
  if (fleets.length > 1)
    throw new PromfleetError({
      code: "FLEET_AMBIGUOUS",
      message: `there are several fleets in ${home}: ${fleets.join(", ")}`,
      advice: `Say which one is meant, as with --state ${path.join(home, only)}.`,
    });
  return statePaths(path.join(home, only));
}

/** Whether this is the state that is meant where none is named. */
export async function isMeantUnnamed(paths: StatePaths, env: Environment): Promise<boolean> {
  const meant = await whichState(undefined, undefined, env).catch(() => undefined);
  return meant?.root === paths.root;
}

async function fleetsIn(home: string): Promise<string[]> {
  const names = await readdir(home).catch(() => []);
  const markers = await Promise.all(
    names.map(async (name) => [name, await fleetOf(statePaths(path.join(home, name)))] as const),
  );
  return markers.filter(([, fleet]) => fleet !== undefined).map(([name]) => name);
}

/** The name of the fleet whose state it is; undefined where there is none. @throws PromfleetError STATE_CORRUPT */
export async function fleetOf(paths: StatePaths): Promise<string | undefined> {
  return (await readStateFile(paths.marker, markerSchema))?.fleet;
}

/** @returns the fleet's name @throws PromfleetError FLEET_ABSENT */
export async function requireFleet(paths: StatePaths): Promise<string> {
  const fleet = await fleetOf(paths);
  if (fleet === undefined)
    throw new PromfleetError({ code: "FLEET_ABSENT", message: `there is no fleet in ${paths.root}` });
  return fleet;
}

/**
 * Whether a fleet may have its state there; changes nothing.
 * @throws PromfleetError STATE_NOT_OURS, STATE_NOT_WRITABLE, DISK_FULL
 */
export async function checkState(paths: StatePaths, fleet: string): Promise<void> {
  const there = await contents(paths.root);
  const owner = there.length > 0 ? await fleetOf(paths) : fleet;
  if (owner !== fleet) {
    const what =
      owner === undefined
        ? "holds files that are not promfleet's"
        : `is the state of the fleet "${owner}", not of "${fleet}"`;
    throw new PromfleetError({ code: "STATE_NOT_OURS", message: `${paths.root} ${what}` });
  }
  await checkWritable(paths.root);
  // a fleet that is there is looked after even on a full disk
  if (there.length > 0) return;
  const free = await freeBytes(paths.root);
  if (free < leastFree)
    throw new PromfleetError({
      code: "DISK_FULL",
      message: `${paths.root} has ${Math.floor(free / 1024 ** 2)} MB free, at least ${leastFree / 1024 ** 2} MB are needed`,
    });
}

/** Makes the folders of a state, private to this user. @throws PromfleetError as checkState does */
export async function createState(paths: StatePaths, fleet: string): Promise<void> {
  await checkState(paths, fleet);
  try {
    for (const folder of [paths.root, paths.processes, paths.logs, paths.evaluator])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(paths.root, 0o700);
  } catch (error) {
    throw asWriteError(error, paths.root);
  }
  if ((await fleetOf(paths)) === undefined) await writeStateFile(paths.marker, { format: 1, fleet });
}

/** Removes what a supervisor that was killed left half written. */
export async function sweepState(paths: StatePaths): Promise<void> {
  const servers = await readdir(paths.server("")).catch(() => []);
  const folders = servers.flatMap((name) => [paths.server(name), path.join(paths.server(name), "targets")]);
  for (const folder of [paths.root, paths.processes, ...folders]) await sweepTemporaries(folder);
}

/** Removes a state with all data. @throws PromfleetError FLEET_ABSENT for a folder that is not a fleet's */
export async function purgeState(paths: StatePaths): Promise<void> {
  await requireFleet(paths);
  try {
    await rm(paths.root, { recursive: true, maxRetries: 5 });
  } catch (error) {
    throw asWriteError(error, paths.root);
  }
}

async function contents(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isCode(error, ["ENOENT"])) return [];
    throw asWriteError(error, folder);
  }
}

/** @throws PromfleetError STATE_NOT_WRITABLE where neither the folder nor one above it can be written */
async function checkWritable(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const above = path.dirname(folder);
    if (!isCode(error, ["ENOENT"]) || above === folder) throw asWriteError(error, folder);
    await checkWritable(above);
  }
}

/** Of the file system on which the folder is, or would be. */
async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if (isCode(error, ["ENOENT"]) && folder !== path.dirname(folder)) return freeBytes(path.dirname(folder));
    throw asWriteError(error, folder);
  }
}
