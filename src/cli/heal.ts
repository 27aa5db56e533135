import { Command, Option } from "commander";
import { exit } from "../errors/exit-codes.ts";
import type { HealProgress } from "../heal/heal-progress.ts";
import type { HealDocument } from "../local/heal-fleet.ts";
import { Progress } from "./progress.ts";
import { existingState, type StateOption, withState } from "./state-option.ts";

export function command(): Command {
  return withState(new Command("heal"))
    .description("copy into servers what they missed while they were away, from their partners")
    .argument("[name]", "of the server, as `promfleet status` shows it; all of them where left out")
    .addOption(new Option("-o, --output <format>", "how to print").choices(["text", "json"]).default("text"))
    .addHelpText("after", help)
    .action(run);
}

const help = `
The supervisor does this by itself after each return of a server, and once a minute for what was left; this is for when you
do not want to wait. It looks back as far as spec.prometheus.outOfOrderWindow, never touches what a server has of its own, and
can be ended at any moment and run again: it goes on with what is missing.

Exit code 7 when a server could not be healed: it or all its partners are not ready, or refuse.

Examples:
  $ promfleet heal
  $ promfleet heal main-0-a
  $ promfleet heal -o json | jq '.servers[] | {server, samples}'
`;

/** ms between two words about the same holes. */
const every = 1000;

async function run(
  name: string | undefined,
  { output, ...options }: StateOption & { output: "text" | "json" },
): Promise<void> {
  const { healFleet } = await import("../local/heal-fleet.ts");
  const progress = new Progress(process.stderr);
  let last = { server: "", at: 0 };
  const document = await healFleet(await existingState(options), {
    name,
    say: (sentence) => progress.say(sentence),
    onProgress: (now) => {
      const isLast = now.done === now.holes;
      if (now.server === last.server && !isLast && performance.now() - last.at < every) return;
      last = { server: now.server, at: performance.now() };
      progress.say(describeProgress(now));
    },
    signal: new AbortController().signal,
  });
  process.stdout.write(
    output === "json" ? `${JSON.stringify(document, undefined, 2)}\n` : describe(document),
  );
  process.exitCode = document.left.length > 0 ? exit.failed : exit.ok;
}

function describeProgress({ server, partner, done, holes, series, samples }: HealProgress): string {
  return `${server} from ${partner}: ${done} of ${holes} holes, ${samples} samples of ${series} series`;
}

function describe({ servers, left }: HealDocument): string {
  const lines = servers.map(({ server, partners, holes, series, samples, refusedHistograms, seconds }) => {
    const from = partners.join(", ");
    if (holes === 0) return `${server} has all that ${from} has`;
    const refused =
      refusedHistograms > 0
        ? `; ${refusedHistograms} native histograms stay missing, it takes none late`
        : "";
    return `${server}: ${samples} samples of ${series} series in ${holes} holes, from ${from} in ${seconds.toFixed(1)} s${refused}`;
  });
  return [...lines, ...left.map(({ server, why }) => `${server} is not healed: ${why}`), ""].join("\n");
}
