import { readdir } from "node:fs/promises";
import path from "node:path";
import { evaluatorLogFile } from "./evaluator-process.ts";
import { memberNames } from "./member-names.ts";
import { unknownServer } from "./server-name.ts";
import { requireFleet } from "./state-folder.ts";
import type { StatePaths } from "./state-paths.ts";

/** The log of a process of a fleet. @throws PromfleetError SERVER_UNKNOWN, FLEET_ABSENT */
export async function logOf(paths: StatePaths, name: string): Promise<string> {
  const { evaluator } = memberNames(await requireFleet(paths));
  if (name === evaluator) return evaluatorLogFile(paths.evaluator);
  const files = await readdir(paths.logs).catch(() => []);
  const names = files.filter((file) => file.endsWith(".log")).map((file) => path.basename(file, ".log"));
  if (!names.includes(name)) throw unknownServer(name, [...names, evaluator]);
  return paths.log(name);
}
