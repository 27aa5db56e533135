import { createHash } from "node:crypto";
import { chmod, lstat, mkdir } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { z } from "zod";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { asWriteError } from "./atomic-write.ts";
import { isAlive } from "./process-identity.ts";
import type { Environment } from "./programs/program.ts";
import { readStateFile } from "./state-file.ts";
import type { StatePaths } from "./state-paths.ts";

/** Who supervises a fleet, and where it can be spoken to. */
export interface SupervisorRecord {
  identity: { pid: number; started: string };
  /** Path of its socket. */
  socket: string;
}

const schema: z.ZodType<SupervisorRecord> = z.object({
  identity: z.object({ pid: z.number(), started: z.string() }),
  socket: z.string(),
});

/** The supervisor that lives; undefined when there is none. @throws PromfleetError STATE_CORRUPT */
export async function livingSupervisor(paths: StatePaths): Promise<SupervisorRecord | undefined> {
  const record = await readStateFile(paths.supervisor, schema);
  return record && isAlive(record.identity) ? record : undefined;
}

/** Bytes that the path of a socket may have: 104 with its end on some systems. */
const longestSocketPath = 100;

/**
 * Where the supervisor of a state listens: in the state, or where that has too long a path, in a folder of this user's own in the
 * runtime or temporary folder.
 * @throws PromfleetError STATE_NOT_WRITABLE where that folder is somebody else's
 */
export async function socketPath(paths: StatePaths, env: Environment): Promise<string> {
  const inState = path.join(paths.root, "control.sock");
  if (Buffer.byteLength(inState) <= longestSocketPath) return inState;
  const user = process.getuid?.() ?? 0;
  const folder = env["XDG_RUNTIME_DIR"]
    ? path.join(env["XDG_RUNTIME_DIR"], "promfleet")
    : path.join(os.tmpdir(), `promfleet-${user}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asWriteError(error, folder);
  }
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== user)
    throw new PromfleetError({ code: "STATE_NOT_WRITABLE", message: `${folder} belongs to somebody else` });
  await chmod(folder, 0o700);
  const name = createHash("sha256").update(paths.root).digest("hex").slice(0, 24);
  return path.join(folder, `${name}.sock`);
}

/** @throws PromfleetError FLEET_ABSENT when nobody supervises the fleet */
export async function requireSupervisor(paths: StatePaths): Promise<SupervisorRecord> {
  const supervisor = await livingSupervisor(paths);
  if (supervisor) return supervisor;
  throw new PromfleetError({
    code: "FLEET_ABSENT",
    message: `the fleet in ${paths.root} has no supervisor`,
    advice: "Run promfleet up: it takes over what still runs, and starts the rest.",
  });
}
