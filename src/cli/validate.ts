import { Command, Option } from "commander";
import type { FoundFleet } from "./check-declaration.ts";
import { namedPath } from "./named-path.ts";

interface Options {
  file: string;
  quick?: true;
  output: "text" | "json";
}

export function command(): Command {
  return new Command("validate")
    .description("check a fleet.yaml, by Prometheus' own word too, without writing anything")
    .option("-f, --file <file>", "the declaration", namedPath, "fleet.yaml")
    .option("--quick", "leave out what Prometheus itself has to say")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
Prints everything that is wrong, with file, line, column and what to do. Exit code 0 when nothing is, 3 when something is.
Unless --quick is given, the promtool and the prometheus of the version asked for have their say, and are fetched where they are not found.

Examples:
  $ promfleet validate
  $ promfleet validate -f fleet.yaml --quick
  $ promfleet validate -o json | jq -r '.complaints[] | "\\(.line): \\(.message)"'
`;

async function run({ file, quick, output }: Options): Promise<void> {
  const { checkDeclaration } = await import("./check-declaration.ts");
  if (output === "text") {
    process.stdout.write(describe(file, await checkDeclaration(file, quick ?? false)));
    return;
  }
  const { PromfleetError } = await import("../errors/promfleet-error.ts");
  try {
    const found = await checkDeclaration(file, quick ?? false);
    console.log(JSON.stringify({ valid: true, file, ...found, complaints: [] }, undefined, 2));
  } catch (error) {
    if (!(error instanceof PromfleetError)) throw error;
    const { catalogue } = await import("../errors/catalogue.ts");
    const complaints = error.complaints.map(({ code, message, at, advice }) => ({
      code,
      message,
      file: at?.file ?? null,
      line: at?.line ?? null,
      column: at?.column ?? null,
      advice: advice ?? catalogue[code].advice,
    }));
    console.log(JSON.stringify({ valid: false, file, complaints }, undefined, 2));
    process.exitCode = error.exitCode;
  }
}

function describe(file: string, { fleet, shards, replicas, jobs, rules, prometheus }: FoundFleet): string {
  const by = prometheus === null ? "not asked Prometheus" : `Prometheus ${prometheus} agrees`;
  const parts = `${shards} × ${replicas} servers, ${counted(jobs, "scrape config")}, ${counted(rules, "rule")}`;
  return `${file} is valid: fleet ${fleet}, ${parts}; ${by}\n`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
