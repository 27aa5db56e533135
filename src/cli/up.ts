import { Command, Option } from "commander";
import { exit } from "../errors/exit-codes.ts";
import type { StatePaths } from "../local/state-paths.ts";
import type { StatusDocument } from "../local/status-document.ts";
import type { ChosenFleet } from "./chosen-fleet.ts";
import { Interrupt, interrupted } from "./interrupt.ts";
import { namedPath } from "./named-path.ts";
import { paint, Progress } from "./progress.ts";
import { selfArgv } from "./self-argv.ts";
import { type StateOption, withState } from "./state-option.ts";
import { jobNames, summary } from "./up-summary.ts";

interface Options extends StateOption {
  file?: string;
  detach?: boolean;
  output: "text" | "json";
}

export function command(): Command {
  return withState(new Command("up"))
    .description("start a fleet on this machine, or hand a changed fleet.yaml to the running one")
    .option(
      "-f, --file <file>",
      "the declaration (default ./fleet.yaml, else a fleet to try things with)",
      namedPath,
    )
    .option("-d, --detach", "return once the fleet is up")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
Everything is checked, by Prometheus' own promtool too, before anything is written or started. Without --detach the command stays,
and Ctrl-C takes the fleet down in order. On a running fleet it hands over the declaration, shows what changes, and returns.
Progress goes to stderr.

Examples:
  $ promfleet up                       # fleet.yaml of this folder, else 2 shards × 2 replicas to try things with
  $ promfleet up -f fleet.yaml --detach
  $ promfleet up --detach -o json | jq -r .gateway
`;

async function run({ file, state, detach, output }: Options): Promise<void> {
  const { chooseFleet } = await import("./chosen-fleet.ts");
  const { livingSupervisor } = await import("../local/supervisor-record.ts");
  const progress = new Progress(process.stderr);
  const say = (sentence: string) => progress.say(sentence);
  const chosen = await chooseFleet(
    { ...(file !== undefined && { file }), ...(state !== undefined && { state }) },
    say,
  );
  // a fleet that runs already is not this command's to end
  const interrupt = new Interrupt(say);
  if ((await livingSupervisor(chosen.paths)) === undefined) interrupt.listen();
  try {
    const { status, started } = await start(chosen, say, interrupt.signal);
    const { isMeantUnnamed } = await import("../local/state-folder.ts");
    print(status, chosen, output, await isMeantUnnamed(chosen.paths, process.env));
    if (started && detach !== true) await stay(chosen.paths, say, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  }
  if (interrupt.signal.aborted) await goDown(chosen.paths, say);
}

async function start(
  { paths, accepted }: ChosenFleet,
  say: (sentence: string) => void,
  signal: AbortSignal,
): Promise<{ status: StatusDocument; started: boolean }> {
  const { startFleet } = await import("../local/start-fleet.ts");
  const { requireSupervisor } = await import("../local/supervisor-record.ts");
  const { untilScraped } = await import("../local/until-scraped.ts");
  const { changes, started } = await startFleet(paths, accepted, selfArgv(), say, signal);
  if (!started && changes.length === 0) say("the fleet is as declared: nothing changes");
  const supervisor = await requireSupervisor(paths);
  const status = await untilScraped(supervisor, jobNames(accepted).length > 0, say, signal);
  return { status, started };
}

/** @param isMeant whether commands need not be told which fleet is meant */
function print(
  status: StatusDocument,
  chosen: ChosenFleet,
  output: Options["output"],
  isMeant: boolean,
): void {
  const { gateway, servers, evaluator, state } = status;
  if (output === "text")
    process.stdout.write(summary(status, chosen, isMeant, (text) => paint(process.stdout, "bold", text)));
  else
    process.stdout.write(
      `${JSON.stringify({
        gateway,
        servers: servers.map(({ name, shard, replica, url, pid }) => ({ name, shard, replica, url, pid })),
        evaluator: { name: evaluator.name, url: evaluator.url, pid: evaluator.pid },
        state,
      })}\n`,
    );
}

async function goDown(paths: StatePaths, say: (sentence: string) => void): Promise<void> {
  const { livingSupervisor } = await import("../local/supervisor-record.ts");
  const { askSupervisor } = await import("../local/control-client.ts");
  const supervisor = await livingSupervisor(paths);
  if (supervisor) await askSupervisor(supervisor, "POST /down", { onSay: say });
  say("down; the data stays");
  process.exitCode = interrupted;
}

/** Shows what happens until the fleet is down. */
async function stay(paths: StatePaths, say: (sentence: string) => void, signal: AbortSignal): Promise<void> {
  const { askSupervisor } = await import("../local/control-client.ts");
  const { livingSupervisor, requireSupervisor } = await import("../local/supervisor-record.ts");
  const { access } = await import("node:fs/promises");
  say("press Ctrl-C to take the fleet down");
  const supervisor = await requireSupervisor(paths);
  // the stream has no end of its own: it breaks off when the supervisor goes
  await askSupervisor(supervisor, "GET /events", { onSay: say, signal }).catch(() => undefined);
  const left = await access(paths.supervisor).then(
    () => true,
    () => false,
  );
  if (signal.aborted || !left || (await livingSupervisor(paths))) return;
  say("the supervisor is gone; the fleet runs on, and `promfleet up` takes it over");
  process.exitCode = exit.failed;
}
