import { exit } from "../errors/exit-codes.ts";
import { formatComplaint, PromfleetError } from "../errors/promfleet-error.ts";

/** Prints what went wrong to stderr, one complaint after the other, and returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof PromfleetError) {
    for (const complaint of error.complaints)
      process.stderr.write(`promfleet: ${formatComplaint(complaint)}\n`);
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`promfleet: ${formatComplaint({ code: "INTERNAL", message })}\n`);
  // The stack is for whoever debugs promfleet, and only when asked for.
  if (process.env["PROMFLEET_DEBUG"] && error instanceof Error)
    process.stderr.write(`${error.stack ?? ""}\n`);
  return exit.internal;
}
