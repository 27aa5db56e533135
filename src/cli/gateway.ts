import { flushCompileCache } from "node:module";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { Command, InvalidArgumentError, Option } from "commander";
import { namedPath } from "./named-path.ts";
import { version } from "./version.ts";
import type { CoverageStore } from "../gateway/coverage/coverage-store.ts";
import type { EvaluatorStarter } from "../gateway/evaluate/evaluator.ts";

interface Options {
  topology: string;
  listen: { host: string; port: number };
  evaluator?: string;
  readPort?: number;
  state?: string;
  output: "text" | "json";
}

export function command(): Command {
  return new Command("gateway")
    .description("run a gateway alone, also in front of servers that promfleet did not start")
    .requiredOption("--topology <file>", "who is there: topology.json, followed live")
    .addOption(
      new Option("--listen <address>", "host:port to listen on; port 0 has one chosen")
        .argParser(address)
        .default({ host: "127.0.0.1", port: 0 }, "127.0.0.1:0"),
    )
    .option("--evaluator <url>", "a Prometheus to evaluate with, instead of one that is started", baseUrl)
    .option("--read-port <port>", "port that the evaluator reads from (for --evaluator)", portNumber)
    .option("--state <dir>", "folder for the evaluator (default one in ~/.local/state/promfleet)", namedPath)
    .addOption(
      new Option("-o, --output <format>", "how to tell the URL").choices(["text", "json"]).default("text"),
    )
    .addHelpText("after", help)
    .action(run);
}

const help = `
Speaks the HTTP API of Prometheus for all servers of the topology, until SIGTERM or SIGINT. What happens is written to stderr.

The smallest topology:
  {"shards": [{"id": "0", "replicas": [{"name": "a", "url": "http://10.0.0.1:9090"}, {"name": "b", "url": "http://10.0.0.2:9090"}]}]}

An evaluator of your own scrapes nothing, has no rules, and reads only from here (the port is that of --read-port):
  remote_read: [{url: "http://127.0.0.1:READ_PORT/api/v1/read", read_recent: true, chunked_read_limit: 1073741824}]
  tracing: {endpoint: "127.0.0.1:1", insecure: true, sampling_fraction: 0}     # Prometheus 3: nothing is ever sent there

Examples:
  $ promfleet gateway --topology topology.json
  $ promfleet gateway --topology topology.json --listen 0.0.0.0:9090
  $ promfleet gateway --topology topology.json -o json     # {"gateway": "http://127.0.0.1:40001", "reads": "http://127.0.0.1:…"}
`;

async function run({ topology: file, listen, evaluator, readPort, state, output }: Options): Promise<void> {
  // what passes through is short-lived and lies outside of V8's heap: more room for young objects would only make the process larger
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=50");
  const terminated = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => terminated.resolve());
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  const [{ startGateway }, { collectAll }, { readTopology }] = await Promise.all([
    import("../gateway/gateway.ts"),
    import("../gateway/collector.ts"),
    import("../gateway/topology-follower.ts"),
  ]);
  const topology = await readTopology(file);
  let release: (() => Promise<void>) | undefined;
  let startEvaluator: EvaluatorStarter;
  let coverage: CoverageStore | undefined;
  if (evaluator === undefined) {
    const [{ evaluatorStarter }, { gatewayState }, { writeAtomically }, store] = await Promise.all([
      import("../local/evaluator-starter.ts"),
      import("../local/gateway-state.ts"),
      import("../local/atomic-write.ts"),
      import("../gateway/coverage/coverage-store.ts"),
    ]);
    const own = await gatewayState(state, file, process.env);
    release = own.release;
    coverage = new store.CoverageStore(path.join(own.folder, "coverage.json"), writeAtomically);
    startEvaluator = evaluatorStarter({ topology, stateDir: own.folder, env: process.env, onEvent: say });
  } else {
    const { GivenEvaluator } = await import("../gateway/evaluate/given-evaluator.ts");
    startEvaluator = async (readUrl) => await Promise.resolve(new GivenEvaluator(evaluator, readUrl, say));
  }
  try {
    const gateway = await startGateway({
      topologyFile: file,
      topology,
      listen,
      startEvaluator,
      readPort,
      coverage,
      version,
      env: process.env,
      say,
    });
    collectAll();
    // for the next start, however this one ends
    flushCompileCache();
    const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
    const url = `${topology.tls ? "https" : "http"}://${host}:${gateway.port}`;
    console.log(output === "json" ? JSON.stringify({ gateway: url, reads: gateway.readUrl }) : url);
    await terminated.promise;
    say("is being stopped");
    await gateway.close();
  } finally {
    await release?.();
  }
}

function address(text: string): { host: string; port: number } {
  const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(port) > 65_535)
    throw new InvalidArgumentError("expected host:port, such as 127.0.0.1:9390 or [::1]:0.");
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new InvalidArgumentError("expected a URL such as http://127.0.0.1:9090.");
  return text;
}

function portNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError("expected a port.");
  return Number(text);
}

function say(sentence: string): void {
  process.stderr.write(`${new Date().toISOString()} ${sentence}\n`);
}
