import type { SelfArgv } from "../local/desired-processes.ts";

/** How to run this very program again: the same Node, its options, the same main file. */
export function selfArgv(): SelfArgv {
  const [, main] = process.argv;
  if (main === undefined) throw new Error("this program does not know its own file");
  return [process.execPath, ...process.execArgv, main];
}
