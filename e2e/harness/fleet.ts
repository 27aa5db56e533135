import { mkdir, writeFile } from "node:fs/promises";
import { ask, raw } from "./http.ts";
import { type Ran, promfleet } from "./promfleet.ts";
import { until } from "./until.ts";
import type { Workplace } from "./workplace.ts";

/** What `up -o json` prints. */
export interface FleetDocument {
  gateway: string;
  servers: FleetServer[];
  evaluator: { url: string; pid: number };
  state: string;
}

/** What `status -o json` prints, as far as the checks read it. */
export interface FleetStatus extends FleetDocument {
  whole: boolean;
  supervisor: { pid: number; state: string };
  /** The gateway and the exporters. */
  others: { name: string; pid: number; state: string }[];
}

export interface FleetServer {
  name: string;
  shard: string;
  replica: string;
  url: string;
  pid: number;
}

/** A fleet that a check runs, with its declaration and state in the check's folder. */
export class Fleet {
  readonly file: string;
  readonly state: string;
  readonly #place: Workplace;

  /** @param name apart from other fleets of the check */
  constructor(place: Workplace, name = "") {
    this.#place = place;
    this.file = place.path(`${name}fleet.yaml`);
    this.state = place.path(`${name}state`);
  }

  /** `up --detach`. @throws when it fails, with what it said */
  async up(declaration?: string): Promise<FleetDocument> {
    if (declaration !== undefined) await writeFile(this.file, declaration);
    return read(await this.run("up", "-f", this.file, "--detach", "-o", "json")) as FleetDocument;
  }

  async status(): Promise<FleetStatus> {
    return read(await this.run("status", "-o", "json")) as FleetStatus;
  }

  /** A command on this fleet. */
  async run(verb: string, ...args: string[]): Promise<Ran> {
    await mkdir(this.state, { recursive: true, mode: 0o700 });
    return await promfleet([verb, ...args, "--state", this.state], {
      cwd: this.#place.folder,
      withinMs: 120_000,
    });
  }
}

/** The document that a command printed; the exit code may still be that of a fleet that is not whole. */
function read(ran: Ran): unknown {
  try {
    return JSON.parse(ran.stdout);
  } catch {
    throw new Error(`exit code ${ran.code}: ${ran.stderr.trim().slice(-800)} ${ran.stdout.slice(0, 200)}`);
  }
}

/** The process of the gateway. */
export function gatewayPid(status: FleetStatus): number {
  const pid = status.others.find((one) => one.name.endsWith("gateway"))?.pid;
  if (pid === undefined) throw new Error("status names no gateway");
  return pid;
}

/** A declaration of shards × replicas with promfleet's own jobs, scraped often. */
export function declaration(prometheus: string, interval: string): string {
  return `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: {name: main}
spec:
  shards: 2
  replicas: 2
  prometheus: {version: "${prometheus}", scrapeInterval: ${interval}}
  monitoring: {fleet: true, node: true, demo: 6}
`;
}

/** Waits until a server answers and has scraped every one of its targets after a time, s. */
export async function untilScraped(server: FleetServer, since: number, withinMs = 60_000): Promise<void> {
  await until(`${server.name} has scraped all its targets`, withinMs, async () => {
    if ((await ask(`${server.url}/-/ready`, { withinMs: 2000 })).status !== 200) return false;
    const targets = await raw(server.url, "up[5m]");
    const scraped = targets.filter((target) => (target.values.at(-1)?.[0] ?? 0) > since);
    return targets.length > 0 && scraped.length === targets.length;
  });
}

/** The other replica of a server's shard. */
export async function partnerOf(fleet: Fleet, name: string): Promise<FleetServer> {
  const { servers } = await fleet.status();
  const shard = servers.find((one) => one.name === name)?.shard;
  const partner = servers.find((one) => one.shard === shard && one.name !== name);
  if (!partner) throw new Error(`${name} has no partner`);
  return partner;
}
