import { Command, InvalidArgumentError, Option } from "commander";
import { PromfleetError } from "../errors/promfleet-error.ts";

interface Options {
  instances?: number;
  listen: string;
  ports?: number[];
  seed: number;
  output: "text" | "json";
}

export function command(): Command {
  return new Command("demo-exporter")
    .description("serve metrics that look like a real service's, to have something to scrape")
    .option(
      "--instances <n>",
      "how many instances, a port each (default 6, or one for each of --ports)",
      whole(1, 500),
    )
    .option("--listen <address>", "address to listen on", "127.0.0.1")
    .option("--ports <list>", "their ports, separated by commas; 0 has one chosen", portList)
    .option("--seed <n>", "another seed is another service", whole(0, 2 ** 31 - 1), 1)
    .addOption(
      new Option("-o, --output <format>", "how to tell the ports").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", help)
    .action(serve);
}

const help = `
Serves /metrics in the text, OpenMetrics and protobuf formats (native histograms in the last) until it is stopped.
What an instance shows depends on the seed, its number and the time alone: a restart changes nothing.

Examples:
  $ promfleet demo-exporter --instances 2
  $ promfleet demo-exporter --ports 9101,9102,9103
  $ promfleet demo-exporter -o json        # one line: {"pid": 4711, "ports": [40001, …], "urls": ["http://…", …]}
`;

async function serve({ instances, listen, ports, seed, output }: Options): Promise<void> {
  if (ports && instances !== undefined && ports.length !== instances)
    throw new PromfleetError({
      code: "USAGE",
      message: `--instances says ${instances}, and --ports names ${ports.length}`,
      advice: "Leave one of the two out, or make them agree.",
    });
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  process.once("SIGINT", () => stop());
  process.once("SIGTERM", () => stop());
  const { startDemoExporter } = await import("../demo/demo-exporter.ts");
  const wanted = ports ?? Array.from({ length: instances ?? 6 }, () => 0);
  const exporter = await startDemoExporter({ listen, ports: wanted, seed, clock: Date.now });
  const host = listen.includes(":") ? `[${listen}]` : listen;
  const urls = exporter.ports.map((port) => `http://${host}:${port}/metrics`);
  if (output === "json") console.log(JSON.stringify({ pid: process.pid, ports: exporter.ports, urls }));
  else console.log(urls.join("\n"));
  await stopped;
  await exporter.close();
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    return value;
  };
}

function portList(text: string): number[] {
  const port = whole(0, 65_535);
  return text.split(",").map((one) => port(one.trim()));
}
