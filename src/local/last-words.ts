import { linesSince } from "./log-file.ts";

/** What Go programs and Node write when they give up. */
const complaint =
  /\blevel=(error|fatal)\b|"level":"(error|fatal)"|^(panic|fatal error|prometheus: error|promfleet): ?/i;

/**
 * The line of a log that says best why its writer ended; undefined when there is none since the log had that size.
 * @param orAny whether the last line does where none complains
 */
export async function lastWords(log: string, size: number, orAny = true): Promise<string | undefined> {
  const lines = await linesSince(log, size);
  const line = lines.findLast((candidate) => complaint.test(candidate)) ?? (orAny ? lines.at(-1) : undefined);
  return line?.trim().slice(0, 500);
}
