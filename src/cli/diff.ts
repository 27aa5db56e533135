import { Command, Option } from "commander";
import { exit } from "../errors/exit-codes.ts";
import type { FleetDifference } from "../local/fleet-difference.ts";
import { namedPath } from "./named-path.ts";
import { type ClusterOptions, withCluster } from "./cluster-options.ts";
import { usualFile } from "./read-declaration.ts";
import { paint } from "./progress.ts";
import { selfArgv } from "./self-argv.ts";
import { type StateOption, withState } from "./state-option.ts";

interface Options extends StateOption, ClusterOptions {
  file?: string;
  target: "local" | "kubernetes";
  output: "text" | "json";
}

export function command(): Command {
  return withCluster(withState(new Command("diff")))
    .description("show what handing over a fleet.yaml would change, without changing anything")
    .option("-f, --file <file>", "the declaration (default ./fleet.yaml)", namedPath)
    .addOption(
      new Option("--target <target>", "where the fleet runs")
        .choices(["local", "kubernetes"])
        .default("local"),
    )
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
What becomes of every process, and a unified diff of the files of the servers. Secrets of fleet.yaml are shown as <secret N>.
On Kubernetes: a unified diff of its object, as the API server works it out; what becomes of it is the operator's doing.
Exit code 0 when nothing would change, 1 when something would.

Examples:
  $ promfleet diff
  $ promfleet diff --target kubernetes -n monitoring
  $ promfleet diff -f fleet.yaml -o json | jq '.changes'
`;

async function run({ file, state, output, target, ...cluster }: Options): Promise<void> {
  if (target === "kubernetes") return await diffOnCluster(file ?? usualFile, output, cluster);
  const { chooseFleet } = await import("./chosen-fleet.ts");
  const { requireFleet } = await import("../local/state-folder.ts");
  const { fleetDifference } = await import("../local/fleet-difference.ts");
  const { paths, accepted } = await chooseFleet(
    { ...(file !== undefined && { file }), ...(state !== undefined && { state }) },
    (sentence) => process.stderr.write(`${sentence}\n`),
  );
  await requireFleet(paths);
  const difference = await fleetDifference(paths, accepted, selfArgv());
  process.stdout.write(
    output === "json" ? `${JSON.stringify(difference, undefined, 2)}\n` : describe(difference),
  );
  const { changes, files } = difference;
  process.exitCode = changes.length + files.length > 0 ? exit.no : exit.ok;
}

async function diffOnCluster(
  file: string,
  output: Options["output"],
  cluster: ClusterOptions,
): Promise<void> {
  const { clusterDiff } = await import("./cluster-diff.ts");
  const diff = await clusterDiff(file, cluster);
  const text = diff === "" ? "nothing would change\n" : diff.split("\n").map(coloured).join("\n");
  process.stdout.write(output === "json" ? `${JSON.stringify({ diff })}\n` : text);
  process.exitCode = diff === "" ? exit.ok : exit.no;
}

function describe({ changes, files }: FleetDifference): string {
  if (changes.length + files.length === 0) return "nothing would change\n";
  const actions = changes.map(({ name, action }) => `${name}: ${action}\n`).join("");
  const texts = files.map(({ paths, diff }) => {
    const [first = "", ...others] = paths;
    const also = others.length > 0 ? `# the same in ${others.join(", ")}\n` : "";
    return `\n${also}--- a/${first}\n+++ b/${first}\n${diff.split("\n").map(coloured).join("\n")}`;
  });
  return actions + texts.join("");
}

function coloured(line: string): string {
  if (line.startsWith("+")) return paint(process.stdout, "green", line);
  return line.startsWith("-") ? paint(process.stdout, "red", line) : line;
}
