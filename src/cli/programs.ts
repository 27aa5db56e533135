import { Command, Option } from "commander";
import { exit } from "../errors/exit-codes.ts";
import type { ProgramSurvey } from "../local/programs/survey-programs.ts";

export function command(): Command {
  return new Command("programs")
    .description("show which Prometheus, Alertmanager and node exporter promfleet finds, and which it uses")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(async ({ output }: { output: "text" | "json" }) => {
      const { surveyPrograms } = await import("../local/programs/survey-programs.ts");
      const { programsFolder } = await import("../local/programs/cache-folder.ts");
      const surveys = await surveyPrograms(process.env);
      const cache = programsFolder(process.env);
      if (output === "json") console.log(JSON.stringify({ cache, programs: surveys }, undefined, 2));
      else process.stdout.write(describe(surveys, cache));
      const prometheus = surveys.find((survey) => survey.name === "prometheus");
      process.exitCode = prometheus?.used ? exit.ok : exit.no;
    });
}

const help = `
Nothing is downloaded or changed. Exit code 1 when there is no usable Prometheus.

Where a program is looked for, in this order:
  1. the path in fleet.yaml (spec.prometheus.binary)
  2. PROMFLEET_PROMETHEUS, PROMFLEET_ALERTMANAGER, PROMFLEET_NODE_EXPORTER: a path each
  3. PATH and the cache: the version that fleet.yaml asks for, else the newest
  4. the official release, checked against its pinned SHA-256, into the cache
     (PROMFLEET_RELEASES: a mirror of https://github.com, or "off")
  5. Debian's package, unpacked into the cache (PROMFLEET_DISTRIBUTION=off: not)
The cache is $PROMFLEET_CACHE, else $XDG_CACHE_HOME/promfleet, else ~/.cache/promfleet.

Examples:
  $ promfleet programs
  $ promfleet programs -o json | jq -r '.programs[] | select(.name == "prometheus").used.path'
  $ PROMFLEET_PROMETHEUS=/opt/prometheus/prometheus promfleet programs
`;

function describe(surveys: readonly ProgramSurvey[], cache: string): string {
  const rows: string[][] = [["", "PROGRAM", "VERSION", "FROM", "PATH"]];
  const notes: string[] = [];
  for (const { name, used, found, unusable, error } of surveys) {
    const listed = used && !found.some((one) => one.path === used.path) ? [used, ...found] : found;
    for (const one of listed) {
      const from = one.path === used?.path ? used.source : one.source;
      rows.push([one.path === used?.path ? "*" : "", name, one.version, from, one.path]);
    }
    for (const { path, why } of unusable) notes.push(`${path}: ${why}`);
    if (error !== undefined) notes.push(error);
    else if (!used) notes.push(`${name}: none here; a command that needs it downloads it into ${cache}`);
  }
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  "));
  lines.push("", "* is used where fleet.yaml names neither a version nor a path.", ...notes);
  return `${lines.join("\n")}\n`;
}
