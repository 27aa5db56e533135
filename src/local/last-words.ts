import { linesSince } from "./log-file.ts";

/** What Go programs and Node write when they give up. */
const complaint =
  /\blevel=(error|fatal)\b|"level":"(error|fatal)"|^(panic|fatal error|prometheus: error|promfleet): ?/i;

/** The line of a log that says best why its writer ended; undefined when it wrote nothing since the log had that size. */
export async function lastWords(log: string, size: number): Promise<string | undefined> {
  const lines = await linesSince(log, size);
  const line = lines.findLast((candidate) => complaint.test(candidate)) ?? lines.at(-1);
  return line?.trim().slice(0, 500);
}
