import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { isCode } from "./atomic-write.ts";
import { openLog } from "./log-file.ts";
import {
  identify,
  isAlive,
  markerVariable,
  type ProcessIdentity,
  signalProcess,
} from "./process-identity.ts";

/** A process that this one started or took over. */
export interface RunningProcess {
  identity: ProcessIdentity;
  /** Resolves when it has ended, to how: "exit status 1", "SIGKILL"; undefined where nobody could see. Never rejects. */
  ended: Promise<string | undefined>;
}

export interface ProcessStart {
  /** Program and arguments. */
  argv: readonly [string, ...string[]];
  /** Put into its environment, see findByMarker. */
  marker: string;
  /** File that its output is appended to. */
  log: string;
  cwd: string;
}

/**
 * Starts a process that outlives this one: a session of its own, its output straight into a file.
 * @throws PromfleetError PROGRAM_NOT_RUNNABLE
 */
export async function startProcess({ argv, marker, log, cwd }: ProcessStart): Promise<RunningProcess> {
  const output = openLog(log);
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd,
    detached: true,
    env: { ...process.env, [markerVariable]: marker },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  child.once("spawn", started.resolve);
  child.once("error", started.reject);
  child.once("exit", (code, signal) => ended.resolve(signal ?? `exit status ${code}`));
  try {
    await started.promise;
  } catch (error) {
    throw isCode(error, ["ENOENT", "EACCES", "ENOEXEC", "EPERM"])
      ? new PromfleetError(
          { code: "PROGRAM_NOT_RUNNABLE", message: `cannot run ${program}: ${error.message}` },
          { cause: error },
        )
      : error;
  }
  child.unref();
  // a child that has ended already is a zombie until Node has fetched its status: it has no identity any more
  const identity = identify(child.pid ?? 0) ?? { pid: child.pid ?? 0, started: "ended" };
  return { identity, ended: ended.promise };
}

/** How often a process that is nobody's child here is looked at, ms. */
const watchInterval = 200;

/** Takes over a process that somebody else started. */
export function adoptProcess(identity: ProcessIdentity): RunningProcess {
  const watch = async () => {
    while (isAlive(identity)) await pause(watchInterval, undefined, { ref: false });
    return undefined;
  };
  return { identity, ended: watch() };
}

/**
 * Ends a process: SIGTERM, and SIGKILL when it is still there after the grace.
 * @param graceMs how long it may take to write what it has to write
 * @returns whether it went by itself
 */
export async function endProcess(running: RunningProcess, graceMs: number): Promise<boolean> {
  signalProcess(running.identity, "SIGTERM");
  // a stopped process would only take the signal when it goes on
  signalProcess(running.identity, "SIGCONT");
  if (await endsWithin(running, graceMs)) return true;
  signalProcess(running.identity, "SIGKILL");
  await running.ended;
  return false;
}

/** @returns whether it has ended within that time */
export async function endsWithin(running: RunningProcess, ms: number): Promise<boolean> {
  const enough = new AbortController();
  try {
    return await Promise.race([
      running.ended.then(() => true),
      pause(ms, false, { signal: enough.signal, ref: true }).catch(() => false),
    ]);
  } finally {
    enough.abort();
  }
}
