import type { Check, CheckContext } from "./check.ts";
import { killLeftovers } from "./processes.ts";
import { ProgramMissing } from "./programs.ts";
import type { Report } from "./report.ts";
import { until } from "./until.ts";

/** One check that hangs must not keep the others, and their figures, from whoever waits for them. */
const shortLimitMs = 10 * 60_000;
const soakLimitMs = 180 * 60_000;

/**
 * Runs one check. One that breaks off has failed; one whose programs are missing is skipped, but in CI it has failed:
 * there, nothing may be missing.
 */
export async function runCheck(check: Check, context: CheckContext): Promise<void> {
  const { report, soak, prometheus } = context;
  const limitMs = soak ? soakLimitMs : shortLimitMs;
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not at its end after ${limitMs / 60_000} min`)), limitMs);
  report.begin(`${check.name} (Prometheus ${prometheus}${soak ? ", soak" : ""}): ${check.claim}`);
  const began = performance.now();
  try {
    await Promise.race([check.run(context), overdue]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof ProgramMissing && !process.env["CI"]) report.skip(check.name, why);
    else report.claim("runs to its end", false, why);
    if (process.env["PROMFLEET_DEBUG"]) console.error(error);
  } finally {
    clearTimeout(timer);
    killLeftovers();
    report.figure("took", `${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}

/** What may be open when all is done: what this process was given. */
const given = new Set(["TTYWrap", "PipeWrap", "FileHandle"]);

/**
 * Ends this process with the counts. A connection or a timer that a check left behind is named, and must not keep the run
 * from its end.
 */
export async function endRun(report: Report): Promise<never> {
  await until("nothing is open", 2000, () => openResources().length === 0).catch(() => undefined);
  const left = openResources();
  if (left.length > 0) console.log(`left open by a check: ${left.join(", ")}`);
  process.exit(report.end());
}

function openResources(): string[] {
  return process.getActiveResourcesInfo().filter((resource) => !given.has(resource));
}
