import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { withoutBuild } from "./version-order.ts";

/** What `--version` told. `version` is "" where the program was built without one. */
export type Answer = { name: string; version: string } | { failure: string };

/** ms; generous, for a cold disk and a busy machine: the program only prints. */
const timeout = 20_000;

// One run a file as it lies there: a file that is replaced has another size, mtime or inode.
const answers = new Map<string, Promise<Answer>>();

/** Runs `PATH --version`, once for a file as it is now. Never rejects: a program that cannot run is an answer too. */
export async function askVersion(file: string): Promise<Answer> {
  const facts = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (facts instanceof Error)
    return { failure: facts.code === "ENOENT" ? "there is no such file" : `cannot be read (${facts.code})` };
  if (!facts.isFile()) return { failure: "is not a file" };
  if ((facts.mode & 0o111) === 0) return { failure: "is not executable" };
  const key = `${file}\0${facts.ino}\0${facts.mtimeMs}\0${facts.size}`;
  const known = answers.get(key);
  if (known) return known;
  const answer = run(file);
  answers.set(key, answer);
  // A failure may pass (no memory, a busy file): ask again next time.
  const settled = await answer;
  if ("failure" in settled) answers.delete(key);
  return settled;
}

function run(file: string): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { timeout, killSignal: "SIGKILL", maxBuffer: 1 << 20 } as const;
    execFile(file, ["--version"], options, (error, stdout, stderr) => {
      // "prometheus, version 3.16.0 (branch: …"; some versions print it to stderr
      const said = /^(\S+), version (\S*) \(branch/m.exec(`${stdout}\n${stderr}`);
      if (said) resolve({ name: said[1] ?? "", version: withoutBuild(said[2] ?? "") });
      else if (error?.killed) resolve({ failure: `did not answer --version within ${timeout / 1000} s` });
      else if (error) resolve({ failure: `cannot be run (${String(error.code ?? error.signal)})` });
      else resolve({ failure: "does not answer --version as a program of the Prometheus project does" });
    });
  });
}
