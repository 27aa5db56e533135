import { Argument, Command } from "commander";
import { existingState, type StateOption, withState } from "./state-option.ts";

const actions = ["stop", "start", "kill", "restart"] as const;

export function command(): Command {
  return withState(new Command("server"))
    .description("stop, start, kill or restart one process of a running fleet")
    .addArgument(new Argument("<action>", "what to do").choices(actions))
    .argument("<name>", "of the process, as `promfleet status` shows it")
    .addHelpText("after", help)
    .action(run);
}

const help = `
stop keeps it stopped until start, over restarts of the supervisor too. kill is SIGKILL: the supervisor starts it again.

Examples:
  $ promfleet server kill main-0-a
  $ promfleet server stop main-1-b && promfleet server start main-1-b
`;

async function run(action: (typeof actions)[number], name: string, options: StateOption): Promise<void> {
  const { requireSupervisor } = await import("../local/supervisor-record.ts");
  const { askSupervisor } = await import("../local/control-client.ts");
  const supervisor = await requireSupervisor(await existingState(options));
  const asked = `POST /servers/${encodeURIComponent(name)}/${action}`;
  console.log(String(await askSupervisor(supervisor, asked)));
}
