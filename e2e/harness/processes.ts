import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { until } from "./until.ts";

/** In the environment of everything that this run starts, and so of what that starts in turn: nobody else's process has it. */
const markName = "PROMFLEET_CHECK_RUN";
const mark = randomUUID();

/** Temporary folders of this run: in the command lines of processes that lost the mark, and removed at the end. */
const folders = new Set<string>();

/** Takes a new temporary folder into this run: who has it in the command line is ended with it, and it is removed. */
export function claimFolder(folder: string): void {
  folders.add(folder);
}

/** The environment for a child: this one's, marked, with changes; undefined takes a variable out. */
export function markedEnvironment(changes: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...changes, [markName]: mark };
  for (const [name, value] of Object.entries(environment)) if (value === undefined) delete environment[name];
  return environment;
}

/** Leaders of the process groups that this run started and has not ended. */
const groups = new Set<number>();

export interface Started {
  pid: number;
  child: ChildProcess;
  /** Resolves when it has ended: to its exit code, null when a signal ended it. */
  ended: Promise<number | null>;
  /** SIGKILL to its group; resolves when it is gone. */
  kill(): Promise<void>;
}

export interface Starting {
  /** Where its output goes; left out: where this process' own goes. */
  log?: string;
  /** Where stdout goes, if not there too. */
  out?: string;
  cwd?: string;
  env?: Record<string, string | undefined>;
}

/** Starts a program in a process group of its own. */
export function start(program: string, args: readonly string[], starting: Starting): Started {
  const log = starting.log === undefined ? undefined : openSync(starting.log, "a");
  const out = starting.out === undefined ? log : openSync(starting.out, "a");
  const child = spawn(program, args, {
    detached: true,
    stdio: ["ignore", out ?? "inherit", log ?? "inherit"],
    env: markedEnvironment(starting.env),
    ...(starting.cwd === undefined ? {} : { cwd: starting.cwd }),
  });
  for (const open of new Set([log, out])) if (open !== undefined) closeSync(open);
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.on("error", () => resolve(null));
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  groups.add(pid);
  child.on("exit", (code) => {
    groups.delete(pid);
    resolve(code);
  });
  const kill = async () => {
    killGroup(pid);
    await ended;
  };
  return { pid, child, ended, kill };
}

/** Sends a signal to a process group that may be gone already. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // already gone
  }
}

/** Whether a process is there and not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Highest resident memory that a process ever had, bytes. */
export function peakResidentBytes(pid: number): number {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/**
 * Everything alive that this run started, directly or not: a fleet's processes are in sessions of their own, but they
 * carry the mark in their environment, or a folder of this run in their command line.
 */
export function ours(): number[] {
  const found: number[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const isOurs = isMarked(pid) || [...folders].some((folder) => commandLine(pid).includes(folder));
    if (isOurs && isAlive(pid)) found.push(pid);
  }
  return found;
}

function isMarked(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${markName}=${mark}`);
  } catch {
    // gone meanwhile, or somebody else's
    return false;
  }
}

/** The command line of a process, words separated by spaces; "" when it is gone. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** SIGKILL to everything that this run started, supervisors first or they would start others; says how many were left over. */
export function killLeftovers(): number {
  for (const pid of groups) killGroup(pid);
  groups.clear();
  let left = 0;
  // twice more: something may have been started between the look and the kill
  for (let round = 0; round < 3; round++)
    for (const pid of ours().toSorted((a, b) => a - b)) {
      try {
        process.kill(pid, "SIGKILL");
        left++;
      } catch {
        // gone meanwhile
      }
    }
  return left;
}

/** Ends everything whatever way this run ends. */
export function endEverythingOnExit(): void {
  process.once("exit", () => {
    killLeftovers();
    for (const folder of folders) removeFolder(folder);
  });
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.once(signal, () => {
      process.exit(code);
    });
}

/** Removes a temporary folder of this run, unless PROMFLEET_KEEP is set, to look at logs. */
export function removeFolder(folder: string): void {
  folders.delete(folder);
  if (process.env["PROMFLEET_KEEP"]) console.log(`       kept: ${folder}`);
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** Waits until a process is gone. */
export async function untilGone(pid: number, withinMs = 10_000): Promise<void> {
  await until(`process ${pid} is gone`, withinMs, () => !isAlive(pid));
}
