import { setTimeout as pause } from "node:timers/promises";
import { takeLock } from "./process-lock.ts";
import type { StatePaths } from "./state-paths.ts";

/** ms between two looks whether the lock is free. */
const poll = 250;

/**
 * Does something while nobody else heals a server of the fleet.
 * @param onWait told once who it is waited for, a process id
 * @throws what the work throws; the signal's reason
 */
export async function whileNobodyHeals<T>(
  paths: StatePaths,
  onWait: (pid: number) => void,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let waits = false; ;) {
    const lock = await takeLock(paths.healLock);
    if ("release" in lock) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    if (!waits) onWait(lock.heldBy);
    waits = true;
    await pause(poll, undefined, { signal });
  }
}
