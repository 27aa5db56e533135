import { rm } from "node:fs/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { askSupervisor } from "./control-client.ts";
import type { SelfArgv } from "./desired-processes.ts";
import { LocalFleet, type Say } from "./local-fleet.ts";
import { isAlive } from "./process-identity.ts";
import { takeLock } from "./process-lock.ts";
import { purgeState, requireFleet } from "./state-folder.ts";
import type { StatePaths } from "./state-paths.ts";
import { livingSupervisor } from "./supervisor-record.ts";
import { takeDown } from "./take-down.ts";
import { until } from "./until.ts";

/** ms that a supervisor may take to end after its fleet has. */
const leaveDeadline = 10_000;

/**
 * Takes a fleet down in order; without a supervisor too, whoever of it survives.
 * @param purge removes the state with all data afterwards
 * @throws PromfleetError FLEET_ABSENT, START_IN_PROGRESS, SUPERVISOR_SILENT …
 */
export async function stopFleet(paths: StatePaths, self: SelfArgv, purge: boolean, say: Say): Promise<void> {
  const name = await requireFleet(paths);
  const supervisor = await livingSupervisor(paths);
  if (supervisor) {
    await askSupervisor(supervisor, "POST /down", { onSay: say });
    await until(() => !isAlive(supervisor.identity), leaveDeadline);
  }
  const lock = await takeLock(paths.startLock);
  if (!("release" in lock))
    throw new PromfleetError({
      code: "START_IN_PROGRESS",
      message: `process ${lock.heldBy} is starting or stopping the fleet "${name}"`,
    });
  try {
    if (!supervisor) await stopSurvivors(paths, self, say);
    if (purge) await purgeState(paths);
  } finally {
    await lock.release();
  }
}

async function stopSurvivors(paths: StatePaths, self: SelfArgv, say: Say): Promise<void> {
  const fleet = new LocalFleet(paths, self, say);
  // what they were to be is of no interest any more: the records tell who they are
  await fleet.takeOver(undefined);
  await takeDown(fleet, say);
  await rm(paths.supervisor, { force: true });
}
