import { spawn } from "node:child_process";
import path from "node:path";
import { markedEnvironment } from "./processes.ts";
import { checkout } from "./workplace.ts";

/** The command as a user calls it. */
export const promfleetProgram = path.join(checkout, "bin/promfleet");

export interface Ran {
  /** Exit code; 128 + signal number is not made up: null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** ms */
  took: number;
}

export interface Running {
  cwd?: string;
  env?: Record<string, string | undefined>;
  withinMs?: number;
  stdin?: string;
  /** Words before the program: setpriv and its arguments. */
  through?: readonly string[];
}

/**
 * Runs a program to its end, which is when its output is closed as well: one that leaves a daemon holding it would hang
 * a script. @throws when it does not end in time (its group is killed)
 */
export async function run(words: readonly string[], running: Running = {}): Promise<Ran> {
  const [program = "", ...args] = words;
  const began = performance.now();
  const withinMs = running.withinMs ?? 60_000;
  const child = spawn(program, args, {
    detached: true,
    stdio: [running.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    env: markedEnvironment(running.env),
    ...(running.cwd === undefined ? {} : { cwd: running.cwd }),
  });
  child.stdin?.end(running.stdin);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on("error", reject);
  child.on("close", (code) => resolve(code));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, withinMs);
  try {
    const code = await promise;
    const took = performance.now() - began;
    if (late)
      throw new Error(`${words.join(" ")} did not end within ${withinMs / 1000} s: ${stderr.slice(-500)}`);
    return { code, stdout, stderr, took };
  } finally {
    clearTimeout(timer);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** Runs a command of promfleet to its end. */
export async function promfleet(args: readonly string[], running: Running = {}): Promise<Ran> {
  return await run([...(running.through ?? []), promfleetProgram, ...args], running);
}
