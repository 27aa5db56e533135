import { Command, Option } from "commander";
import { namedPath } from "./named-path.ts";
import type { Target } from "./render-fleet.ts";

interface Options {
  file: string;
  output: string;
  force?: true;
  target: Target;
}

export function command(): Command {
  return new Command("render")
    .description("write every file that a fleet.yaml makes into a folder, to be read or compared")
    .option("-f, --file <file>", "the fleet", namedPath, "fleet.yaml")
    .requiredOption("-o, --output <dir>", "the folder; made where it is not there", namedPath)
    .addOption(
      new Option("--target <target>", "what it is to run on")
        .choices(["local", "kubernetes"] satisfies Target[])
        .default("local"),
    )
    .option("--force", "replace a folder with files that promfleet did not write")
    .addHelpText("after", help)
    .action(run);
}

const help = `
The same fleet.yaml and version of Prometheus always give the same bytes. Ports are chosen when a fleet is started: topology.json
has those that it would like best, 127.0.0.1:9390 and on.

For Kubernetes each file is one object, without a namespace: it is that in which they are applied.

Examples:
  $ promfleet render -o out
  $ promfleet render -f production.yaml -o /tmp/production && diff -r out /tmp/production
  $ promfleet render --target kubernetes -o objects && kubectl apply --server-side --namespace monitoring -f objects
`;

async function run({ file, output, force, target }: Options): Promise<void> {
  const { renderFleet } = await import("./render-fleet.ts");
  const written = await renderFleet(file, output, { force: force ?? false, target });
  process.stdout.write(`${written} files written to ${output}\n`);
}
