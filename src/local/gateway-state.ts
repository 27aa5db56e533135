import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { asWriteError } from "./atomic-write.ts";
import { takeLock } from "./process-lock.ts";
import type { Environment } from "./programs/program.ts";
import { stateHome } from "./state-paths.ts";

/**
 * The folder of a gateway that runs alone, locked for this process. Where none is named it is the same for the same topology file, so
 * that a gateway that was killed finds its evaluator again; a second gateway on that file gets a folder of its own, for as long as it runs.
 * @throws PromfleetError STATE_NOT_WRITABLE, DISK_FULL, START_IN_PROGRESS when the folder that was named is in use
 */
export async function gatewayState(
  named: string | undefined,
  topologyFile: string,
  env: Environment,
): Promise<{ folder: string; release: () => Promise<void> }> {
  const key = createHash("sha256").update(path.resolve(topologyFile)).digest("hex").slice(0, 16);
  const folder = path.resolve(named ?? path.join(stateHome(env), "gateways", key));
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw asWriteError(error, folder);
  });
  const lock = await takeLock(path.join(folder, "gateway.lock"));
  if ("release" in lock) {
    const remove = async () => await rm(folder, { recursive: true, force: true });
    // its evaluator has ended: nobody would look for anything in there
    return { folder, release: named === undefined ? remove : async () => await lock.release() };
  }
  if (named !== undefined)
    throw new PromfleetError({
      code: "START_IN_PROGRESS",
      message: `another gateway, process ${lock.heldBy}, has its state in ${folder}`,
      advice: "Stop that one, or name another folder with --state.",
    });
  const own = await mkdtemp(path.join(os.tmpdir(), "promfleet-gateway-"));
  return { folder: own, release: async () => await rm(own, { recursive: true, force: true }) };
}
