/**
 * Runs checks of docs/verification.md: `node e2e/verify.ts [check…] [--soak] [--prometheus 2.42|3.16]`.
 * Prints the figures of each, and exits with 1 when one is missed. No name means all of them.
 */
import { parseArgs } from "node:util";
import { checks } from "./checks/all.ts";
import { endEverythingOnExit } from "./harness/processes.ts";
import { Report } from "./harness/report.ts";
import { endRun, runCheck } from "./harness/run-check.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    soak: { type: "boolean", default: false },
    prometheus: { type: "string", default: "3.16" },
    list: { type: "boolean", default: false },
  },
});

const unknown = positionals.filter((name) => !checks.some((check) => check.name === name));
if (values.list) for (const check of checks) console.log(`${check.name.padEnd(14)} ${check.claim}`);
else if (unknown.length > 0) {
  console.error(
    `no check named ${unknown.join(", ")}; there are ${checks.map((check) => check.name).join(", ")}`,
  );
  process.exitCode = 2;
} else {
  endEverythingOnExit();
  const report = new Report();
  const chosen = checks.filter((check) =>
    positionals.length === 0 ? values.soak || !check.soakOnly : positionals.includes(check.name),
  );
  for (const check of chosen)
    await runCheck(check, { report, soak: values.soak, prometheus: values.prometheus });
  await endRun(report);
}
