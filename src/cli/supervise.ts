import { Command, Option } from "commander";
import { selfArgv } from "./self-argv.ts";
import { existingState, type StateOption, withState } from "./state-option.ts";

export function command(): Command {
  return withState(new Command("supervise"))
    .description("supervise a fleet in the foreground (`promfleet up` starts this by itself)")
    .addOption(new Option("--await-apply", "wait a moment for a declaration before resuming").hideHelp())
    .addHelpText("after", help)
    .action(run);
}

const help = `
Takes over what runs of the fleet, starts what does not, and goes on until SIGTERM, SIGINT or \`promfleet down\`. For service
managers; what happens is written to stdout.

Examples:
  $ promfleet supervise --state /var/lib/promfleet/main
`;

async function run({ awaitApply, ...options }: StateOption & { awaitApply?: boolean }): Promise<void> {
  const { supervise } = await import("../local/supervise.ts");
  // a full disk under the log must not end the supervisor
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  // the terminal it was started from may go
  process.on("SIGHUP", () => undefined);
  const terminate = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => terminate.abort(new Error(signal)));
  await supervise({
    paths: await existingState(options),
    self: selfArgv(),
    env: process.env,
    awaitApply: awaitApply ?? false,
    log: (sentence) => process.stdout.write(`${new Date().toISOString()} ${sentence}\n`),
    terminate: terminate.signal,
  });
}
