import { receiverFlag } from "../render/server-flags.ts";

/** Whether a server that was started with these words takes what is brought to it. */
export function takesSamples(argv: readonly string[]): boolean {
  return argv.includes(receiverFlag);
}
