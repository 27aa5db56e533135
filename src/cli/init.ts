import { Command, InvalidArgumentError, Option } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { namedPath } from "./named-path.ts";

interface Options {
  name: string;
  from?: string;
  shards?: number;
  output: "text" | "json";
}

export function command(): Command {
  return new Command("init")
    .description("write a fleet.yaml in the current folder, never over an existing one")
    .option("--name <name>", "of the fleet", "main")
    .option("--from <file>", "take over a prometheus.yml with its rule files", namedPath)
    .addOption(new Option("--shards <n>", "how many shards, with --from (default: 1)").argParser(shardCount))
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
Without --from, the fleet scrapes this machine, itself and a demo service. With it, the scrape configs, rules, alerting, remote
writes and global settings of a Prometheus are taken over, files that it names included. What fleet.yaml cannot carry is named on
stderr and in comments at the top of the file, and the exit code is 0 all the same. A file that holds secrets is for its owner alone.

Examples:
  $ promfleet init --name shop
  $ promfleet init --from /etc/prometheus/prometheus.yml --shards 2
  $ promfleet init --from prometheus.yml -o json | jq '.notCarried'
`;

async function run({ name, from, shards, output }: Options): Promise<void> {
  if (shards !== undefined && from === undefined)
    throw new PromfleetError({
      code: "USAGE",
      message: "--shards says how a configuration that is taken over is cut, and there is no --from",
      advice: "Leave --shards out, and set spec.shards in the fleet.yaml that is written.",
    });
  const { initFleet } = await import("./init-fleet.ts");
  const made = await initFleet({ name, from, shards: shards ?? 1 });
  if (output === "json") {
    console.log(JSON.stringify(made, undefined, 2));
    return;
  }
  const { file, notCarried, changed, refused, secrets } = made;
  for (const { what, at, why } of notCarried) process.stderr.write(`not carried: ${at}: ${what}: ${why}\n`);
  for (const { what, at, why } of changed) process.stderr.write(`changed: ${at}: ${what}: ${why}\n`);
  for (const { what, at, why } of refused) process.stderr.write(`will be refused: ${at}: ${why} [${what}]\n`);
  if (secrets.length > 0)
    process.stderr.write(`${file} holds secrets (${secrets.join(", ")}) and is readable by you alone\n`);
  process.stdout.write(
    `${file} is written; \`promfleet validate\` checks it, \`promfleet up\` starts the fleet\n`,
  );
}

function shardCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 64)
    throw new InvalidArgumentError("expected a whole number from 1 to 64.");
  return count;
}
