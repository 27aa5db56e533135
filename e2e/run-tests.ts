/**
 * What `make test` and `make soak` run: the unit and component tests, then every check of docs/verification.md in its short
 * (or, with --soak, its long) form. The last line is `N passed, N failed, N skipped`.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { checks } from "./checks/all.ts";
import { endEverythingOnExit, start } from "./harness/processes.ts";
import { Report } from "./harness/report.ts";
import { endRun, runCheck } from "./harness/run-check.ts";
import { Workplace, checkout } from "./harness/workplace.ts";

const { values } = parseArgs({ options: { soak: { type: "boolean", default: false } } });
const newest = "3.16";
const oldest = "2.42";

endEverythingOnExit();
const report = new Report();
const began = performance.now();

await runUnitTests();
for (const check of checks) {
  if (check.soakOnly && !values.soak) continue;
  for (const prometheus of check.bothVersions ? [newest, oldest] : [newest])
    await runCheck(check, { report, soak: values.soak, prometheus });
}
console.log(`\nall of it took ${((performance.now() - began) / 60_000).toFixed(1)} min`);
await endRun(report);

interface VitestResults {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** Runs vitest with its own output, and reads its counts from its JSON report. */
async function runUnitTests(): Promise<void> {
  await using place = new Workplace("vitest");
  const results = place.path("results.json");
  report.begin("unit and component tests");
  const vitest = start(
    process.execPath,
    [
      path.join(checkout, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${results}`,
    ],
    { cwd: checkout },
  );
  const code = await vitest.ended;
  try {
    const counts = JSON.parse(await readFile(results, "utf8")) as VitestResults;
    const skipped = counts.numPendingTests + counts.numTodoTests;
    const failed = counts.numFailedTests + (process.env["CI"] ? skipped : 0);
    report.add({ passed: counts.numPassedTests, failed, skipped: process.env["CI"] ? 0 : skipped });
    for (const name of namesOfFailed(counts)) report.failures.push(name);
    if (failed > counts.numFailedTests) report.failures.push(`unit and component tests: ${skipped} skipped`);
    // a file that cannot even be loaded fails the run without a failed test
    if (code !== 0 && failed === 0) report.claim("vitest succeeds", false, `exit code ${code}`);
  } catch (error) {
    report.claim("vitest runs to its end", false, String(error));
  }
}

/** File and name of each test that has failed. */
function namesOfFailed({ testResults }: VitestResults): string[] {
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName }) => `${path.relative(checkout, name)}: ${fullName}`),
  );
}
