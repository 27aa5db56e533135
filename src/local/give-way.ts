import { readdirSync, writeFileSync } from "node:fs";
import os from "node:os";

/** A third of the processor beside one that is not nice, and all of it where nobody else wants it. */
const usual = 5;

/**
 * Has a process give way to others where the processor is short. Where the system does not know of that, nothing happens.
 * @param niceness as with nice(1)
 */
export function giveWay(pid: number, niceness = usual): void {
  const tries = [
    // of a single thread: those that it starts later are as nice
    ...threadsOf(pid).map((thread) => () => os.setPriority(thread, niceness)),
    // where Linux shares the processor out by sessions, the niceness of one process counts within its own session alone
    () => writeFileSync(`/proc/${pid}/autogroup`, String(niceness)),
  ];
  for (const attempt of tries)
    try {
      attempt();
    } catch {
      // then it is as important as all others
    }
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [pid];
  }
}
