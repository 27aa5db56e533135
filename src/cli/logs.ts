import { Command } from "commander";
import { existingState, type StateOption, withState } from "./state-option.ts";

interface Options extends StateOption {
  follow?: boolean;
  lines: string;
}

export function command(): Command {
  return withState(new Command("logs"))
    .description("show what a process of the fleet has written")
    .argument("<name>", 'of the process, as `promfleet status` shows it, or "supervisor"')
    .option("-f, --follow", "go on with what it writes from now on")
    .option("-n, --lines <count>", "how many lines of the end", "100")
    .addHelpText("after", help)
    .action(run);
}

const help = `
Examples:
  $ promfleet logs main-0-a
  $ promfleet logs -f main-gateway
  $ promfleet logs supervisor -n 20
`;

async function run(name: string, { follow, lines, ...options }: Options): Promise<void> {
  const { followLog, lastLines } = await import("../local/log-file.ts");
  const { logOf } = await import("../local/member-log.ts");
  const count = Number(lines);
  if (!Number.isInteger(count) || count < 0) {
    const { PromfleetError } = await import("../errors/promfleet-error.ts");
    throw new PromfleetError({ code: "USAGE", message: `--lines ${lines} is no number of lines` });
  }
  const file = await logOf(await existingState(options), name);
  // a reader that has seen enough, such as head
  process.stdout.on("error", () => process.exit());
  for (const line of await lastLines(file, count, 4 * 1024 ** 2)) process.stdout.write(`${line}\n`);
  if (follow) for await (const text of followLog(file)) process.stdout.write(text);
}
