import { Command } from "commander";
import { namedPath } from "./named-path.ts";

interface Options {
  file: string;
  output: string;
  force?: true;
}

export function command(): Command {
  return new Command("render")
    .description("write every file that a fleet.yaml makes into a folder, to be read or compared")
    .option("-f, --file <file>", "the fleet", namedPath, "fleet.yaml")
    .requiredOption("-o, --output <dir>", "the folder; made where it is not there", namedPath)
    .option("--force", "replace a folder with files that promfleet did not write")
    .addHelpText("after", help)
    .action(run);
}

const help = `
The same fleet.yaml and version of Prometheus always give the same bytes. Ports are chosen when a fleet is started: topology.json
has those that it would like best, 127.0.0.1:9390 and on.

Examples:
  $ promfleet render -o out
  $ promfleet render -f production.yaml -o /tmp/production && diff -r out /tmp/production
`;

async function run({ file, output, force }: Options): Promise<void> {
  const { renderFleet } = await import("./render-fleet.ts");
  const written = await renderFleet(file, output, force ?? false);
  process.stdout.write(`${written} files written to ${output}\n`);
}
