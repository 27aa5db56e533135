import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import https from "node:https";
import path from "node:path";
import { evenOwners, slotRanges } from "../../src/plan/slots.ts";
import type { GatewayTls } from "../../src/spec/gateway-tls.ts";
import { ask } from "./http.ts";
import { type Started, commandLine, ours, start } from "./processes.ts";
import { promfleetProgram } from "./promfleet.ts";
import { until } from "./until.ts";

export interface GatewayAlone {
  url: string;
  pid: number;
  process: Started;
  topologyFile: string;
  log: string;
}

/**
 * Starts `promfleet gateway` in front of servers, one list of URLs a shard, and waits until it is ready.
 * @param listen host:port, where it has to be the address of one before
 * @param env of its process, besides
 */
export async function startGateway(
  folder: string,
  shards: readonly (readonly string[])[],
  version: string,
  further: FurtherKeys = {},
  listen = "127.0.0.1:0",
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayAlone> {
  const topologyFile = path.join(folder, "topology.json");
  await writeFile(topologyFile, topologyText(shards, version, further));
  const [log, out] = [path.join(folder, "gateway.log"), path.join(folder, "gateway.out")];
  // one that was here before has said its own URL
  await rm(out, { force: true });
  const process = start(
    promfleetProgram,
    ["gateway", "--topology", topologyFile, "--listen", listen, "-o", "json"],
    { log, out, cwd: folder, env: { XDG_STATE_HOME: path.join(folder, "state"), ...env } },
  );
  const url = await until("the gateway prints its URL", 30_000, () => {
    const text = readFileSync(out, "utf8");
    const line = text.slice(0, text.indexOf("\n"));
    if (line !== "") return (JSON.parse(line) as { gateway: string }).gateway;
    if (process.child.exitCode === null) return undefined;
    return `it ended with ${process.child.exitCode}: ${readFileSync(log, "utf8").trim().slice(-500)}`;
  });
  if (!url.startsWith("http")) throw new Error(`gateway: ${url}`);
  // who it is matters to whoever asks it for more
  const agent = url.startsWith("https:") ? new https.Agent({ rejectUnauthorized: false }) : undefined;
  const ready = async () => (await ask(`${url}/-/ready`, { ...(agent && { agent }) })).status === 200;
  await until("the gateway is ready", 30_000, ready);
  return { url, pid: process.pid, process, topologyFile, log };
}

/** What a topology says beside its servers. */
export interface FurtherKeys {
  coverage?: { missedScrapes: number };
  evaluator?: Record<string, unknown>;
  onEveryShard?: string[];
  limits?: { timeoutMs?: number };
  tls?: Partial<GatewayTls>;
  auth?: { openMetrics?: boolean };
  tenants?: readonly Record<string, unknown>[];
  spreadByInstance?: { exceptJobs?: string[]; exceptMetrics?: string[] };
  /** Says which slots a shard owns: as many each, as a fleet begins. */
  evenSlots?: true;
}

/** The smallest topology of these servers, with the evaluator's version, and further keys. */
export function topologyText(
  shards: readonly (readonly string[])[],
  version: string,
  { evenSlots, ...further }: FurtherKeys = {},
): string {
  const owners = evenSlots ? evenOwners(shards.length) : undefined;
  return JSON.stringify({
    ...further,
    shards: shards.map((urls, index) => {
      const id = String(index);
      return { id, replicas: urls.map(replicaOf), slots: owners && slotRanges(owners, id) };
    }),
    evaluator: { version, ...further.evaluator },
  });
}

/** A replica a, b, … of a shard. */
const replicaOf = (url: string, index: number) => ({ name: "abcde"[index], url });

/** Processes of evaluators of a gateway that runs alone: one, and none for a moment where it was killed. */
export function evaluators({ topologyFile }: Pick<GatewayAlone, "topologyFile">): number[] {
  const folder = path.join(path.dirname(topologyFile), "state/");
  return ours().filter((pid) => commandLine(pid).includes(`--config.file=${folder}`));
}
