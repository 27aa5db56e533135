import type { Check, CheckContext } from "./check.ts";
import { killLeftovers } from "./processes.ts";
import { ProgramMissing } from "./programs.ts";

/**
 * Runs one check. One that breaks off has failed; one whose programs are missing is skipped, but in CI it has failed:
 * there, nothing may be missing.
 */
export async function runCheck(check: Check, context: CheckContext): Promise<void> {
  const { report, soak, prometheus } = context;
  report.begin(`${check.name} (Prometheus ${prometheus}${soak ? ", soak" : ""}): ${check.claim}`);
  const began = performance.now();
  try {
    await check.run(context);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (error instanceof ProgramMissing && !process.env["CI"]) report.skip(check.name, why);
    else report.claim("runs to its end", false, why);
    if (process.env["PROMFLEET_DEBUG"]) console.error(error);
  } finally {
    killLeftovers();
    report.figure("took", `${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
}
