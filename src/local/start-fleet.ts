import { randomUUID } from "node:crypto";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { AcceptedFleet } from "./accepted-fleet.ts";
import { readAccepted, readOwners } from "./accepted-fleet.ts";
import { askSupervisor } from "./control-client.ts";
import type { Change } from "./pending-changes.ts";
import type { SelfArgv } from "./desired-processes.ts";
import { buildFleet, type FleetBuild } from "./fleet-build.ts";
import { assignPorts, portNeeds, readPorts } from "./fleet-ports.ts";
import { lastWords } from "./last-words.ts";
import type { Say } from "./local-fleet.ts";
import { logSize } from "./log-file.ts";
import { findRecorded, readProcessRecord } from "./process-record.ts";
import { takeLock } from "./process-lock.ts";
import { startProcess } from "./running-process.ts";
import { checkState, createState } from "./state-folder.ts";
import type { StatePaths } from "./state-paths.ts";
import { livingSupervisor, type SupervisorRecord } from "./supervisor-record.ts";
import { until } from "./until.ts";

/** ms in which a supervisor must be there. */
const startDeadline = 20_000;

/**
 * Hands a declaration to the supervisor of the fleet, which is started if there is none, and waits until the fleet is as declared.
 * @param signal gives up waiting, and starts no supervisor any more; one that was started goes on
 * @returns what was changed, and whether a supervisor had to be started
 * @throws PromfleetError START_IN_PROGRESS, PORT_TAKEN, STATE_…, DISK_FULL, and whatever the supervisor complains of
 */
export async function startFleet(
  paths: StatePaths,
  accepted: AcceptedFleet,
  self: SelfArgv,
  say: Say,
  signal?: AbortSignal,
): Promise<{ changes: readonly Change[]; started: boolean }> {
  const build = buildFleet(accepted, await readOwners(paths));
  const { name } = build.plan.spec;
  await checkState(paths, name);
  // damaged files are told here, not in the log of a supervisor that cannot start
  await readAccepted(paths);
  const running = await livingSupervisor(paths);
  if (running) return { changes: await apply(running, accepted, say, signal), started: false };
  await checkPorts(paths, build);
  await createState(paths, name);
  const lock = await takeLock(paths.startLock);
  if (!("release" in lock))
    throw new PromfleetError({
      code: "START_IN_PROGRESS",
      message: `process ${lock.heldBy} is starting or stopping the fleet "${name}"`,
    });
  try {
    signal?.throwIfAborted();
    const supervisor = (await livingSupervisor(paths)) ?? (await startSupervisor(paths, self));
    signal?.throwIfAborted();
    return { changes: await apply(supervisor, accepted, say, signal), started: true };
  } finally {
    await lock.release();
  }
}

async function apply(
  supervisor: SupervisorRecord,
  accepted: AcceptedFleet,
  say: Say,
  signal: AbortSignal | undefined,
): Promise<readonly Change[]> {
  const options = { body: accepted, onSay: say, ...(signal && { signal }) };
  return (await askSupervisor(supervisor, "POST /apply", options)) as Change[];
}

/** Before anything is written: is a port that was asked for to be had? */
async function checkPorts(paths: StatePaths, { plan }: FleetBuild): Promise<void> {
  const needs = portNeeds(plan).filter(({ asked }) => asked !== undefined);
  const running = new Set<string>();
  for (const { name } of needs) {
    const record = await readProcessRecord(paths.record(name));
    if (record && findRecorded(record)) running.add(name);
  }
  await assignPorts(needs, await readPorts(paths), running);
}

async function startSupervisor(paths: StatePaths, self: SelfArgv): Promise<SupervisorRecord> {
  const log = paths.log("supervisor");
  const before = await logSize(log);
  const running = await startProcess({
    argv: [...self, "supervise", "--state", paths.root, "--await-apply"],
    marker: randomUUID(),
    log,
    cwd: paths.root,
  });
  let ended: string | undefined;
  void running.ended.then((how) => (ended = how));
  let supervisor: SupervisorRecord | undefined;
  await until(async () => {
    supervisor = await livingSupervisor(paths);
    return supervisor !== undefined || ended !== undefined;
  }, startDeadline);
  if (supervisor) return supervisor;
  const words = await lastWords(log, before);
  throw new PromfleetError({
    code: "NOT_STARTED",
    message: `the supervisor does not start: ${words ?? ended ?? `not ready after ${startDeadline / 1000} s`}`,
    advice: `Look at ${log}.`,
  });
}
