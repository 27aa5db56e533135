import { Command, Option } from "commander";
import { exit } from "../errors/exit-codes.ts";
import type { StatePaths } from "../local/state-paths.ts";
import type { StatusDocument } from "../local/status-document.ts";
import type { SupervisorRecord } from "../local/supervisor-record.ts";
import type { ChosenFleet } from "./chosen-fleet.ts";
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
    .option("-f, --file <file>", "the declaration (default ./fleet.yaml, else a fleet to try things with)")
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
  const { startFleet } = await import("../local/start-fleet.ts");
  const { livingSupervisor, requireSupervisor } = await import("../local/supervisor-record.ts");
  const progress = new Progress(process.stderr);
  const say = (sentence: string) => progress.say(sentence);
  const chosen = await chooseFleet(
    { ...(file !== undefined && { file }), ...(state !== undefined && { state }) },
    say,
  );
  const { paths, accepted } = chosen;
  const running = await livingSupervisor(paths);
  using interruption = running ? undefined : takeDownOnInterrupt(paths, say);
  const { changes, started } = await startFleet(paths, accepted, selfArgv(), say);
  if (!started && changes.length === 0) say("the fleet is as declared: nothing changes");
  const supervisor = await requireSupervisor(paths);
  const { untilScraped } = await import("../local/until-scraped.ts");
  const status = await untilScraped(supervisor, jobNames(accepted).length > 0, say);
  print(status, chosen, output);
  if (!started || detach === true || interruption?.interrupted === true) return;
  await stay(supervisor, paths, say, interruption);
}

function print(status: StatusDocument, chosen: ChosenFleet, output: Options["output"]): void {
  const { gateway, servers, evaluator, state } = status;
  if (output === "text")
    process.stdout.write(summary(status, chosen, (text) => paint(process.stdout, "bold", text)));
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

interface Interruption extends Disposable {
  readonly interrupted: boolean;
  /** Of the fleet's end, once it was asked for. */
  readonly ended: Promise<void> | undefined;
}

/** A fleet that is only half up, or that this terminal holds, goes down with Ctrl-C. */
function takeDownOnInterrupt(paths: StatePaths, say: (sentence: string) => void): Interruption {
  let ended: Promise<void> | undefined;
  const onSignal = () => {
    if (ended) process.exit(130);
    say("going down; press Ctrl-C again to leave it to the supervisor");
    ended = askDown(paths);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    get interrupted() {
      return ended !== undefined;
    },
    get ended() {
      return ended;
    },
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

async function askDown(paths: StatePaths): Promise<void> {
  const { livingSupervisor } = await import("../local/supervisor-record.ts");
  const { askSupervisor } = await import("../local/control-client.ts");
  const supervisor = await livingSupervisor(paths);
  if (supervisor) await askSupervisor(supervisor, "POST /down");
  else process.exit(130);
}

/** Shows what happens until the fleet is down. */
async function stay(
  supervisor: SupervisorRecord,
  paths: StatePaths,
  say: (sentence: string) => void,
  interruption: Interruption | undefined,
): Promise<void> {
  const { askSupervisor } = await import("../local/control-client.ts");
  const { livingSupervisor } = await import("../local/supervisor-record.ts");
  const { access } = await import("node:fs/promises");
  say("press Ctrl-C to take the fleet down");
  // the stream has no end of its own: it breaks off when the supervisor goes
  await askSupervisor(supervisor, "GET /events", { onSay: say }).catch(() => undefined);
  await interruption?.ended;
  const left = await access(paths.supervisor).then(
    () => true,
    () => false,
  );
  if (!left || (await livingSupervisor(paths))) return;
  say("the supervisor is gone; the fleet runs on, and `promfleet up` takes it over");
  process.exitCode = exit.failed;
}
