import type { Command } from "commander";
import type { StatePaths } from "../local/state-paths.ts";
import { namedPath } from "./named-path.ts";

export interface StateOption {
  state?: string;
}

/** Adds `--state`, which every command that speaks to a running fleet has. */
export function withState(command: Command): Command {
  return command.option(
    "--state <dir>",
    "state folder of the fleet (default $PROMFLEET_STATE, else ~/.local/state/promfleet/NAME)",
    namedPath,
  );
}

/** The state folder that is meant. @throws PromfleetError FLEET_AMBIGUOUS, FLEET_ABSENT */
export async function existingState({ state }: StateOption): Promise<StatePaths> {
  const { requireFleet, whichState } = await import("../local/state-folder.ts");
  const paths = await whichState(state, undefined, process.env);
  await requireFleet(paths);
  return paths;
}
