import type { Command as CommandType } from "commander";
import { Command } from "commander";
import { Progress } from "./progress.ts";
import { selfArgv } from "./self-argv.ts";
import { existingState, type StateOption, withState } from "./state-option.ts";

export function command(): CommandType {
  return withState(new Command("down"))
    .description("stop a fleet in order: gateway, exporters, servers; its data stays")
    .option("--purge", "remove the state folder with all data afterwards")
    .addHelpText("after", help)
    .action(run);
}

const help = `
Every process gets SIGTERM and time to write what it has to. Works without a living supervisor too.

Examples:
  $ promfleet down
  $ promfleet down --state ./state --purge
`;

async function run({ purge, ...options }: StateOption & { purge?: boolean }): Promise<void> {
  const { stopFleet } = await import("../local/stop-fleet.ts");
  const paths = await existingState(options);
  const progress = new Progress(process.stderr);
  await stopFleet(paths, selfArgv(), purge ?? false, (sentence) => progress.say(sentence));
  progress.say(purge ? `down; ${paths.root} is removed` : `down; the data stays in ${paths.root}`);
}
