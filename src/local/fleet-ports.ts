import { z } from "zod";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import type { FleetPlan } from "../plan/fleet-plan.ts";
import { preferredPort } from "../render/fleet-topology.ts";
import { freePort, whyNotFree } from "./free-port.ts";
import { memberNames } from "./member-names.ts";
import { readStateFile } from "./state-file.ts";
import type { StatePaths } from "./state-paths.ts";

/** By process name. Kept as long as the state, so that addresses stay the same over restarts. */
export type Ports = Readonly<Record<string, readonly number[]>>;

export interface PortNeed {
  name: string;
  host: string;
  count: number;
  /** Asked for by the user: this one and no other. */
  asked?: number | undefined;
}

export const loopback = "127.0.0.1";
/** How many of the preferred ports are tried: the gateway has the first that is free, everything else follows. */
const portRange = 400;

const schema: z.ZodType<Ports> = z.record(z.string(), z.array(z.number().int().min(1).max(65_535)));

/** @throws PromfleetError STATE_CORRUPT */
export async function readPorts(paths: StatePaths): Promise<Ports> {
  return (await readStateFile(paths.ports, schema)) ?? {};
}

/** Who of a fleet listens, the gateway first. */
export function portNeeds(plan: FleetPlan): PortNeed[] {
  const { spec } = plan;
  const names = memberNames(spec.name);
  return [
    gatewayNeed(spec),
    ...plan.servers.map(({ name }) => ({ name, host: loopback, count: 1 })),
    ...(spec.monitoring.node ? [{ name: names.node, host: loopback, count: 1 }] : []),
    ...(spec.monitoring.demo > 0 ? [{ name: names.demo, host: loopback, count: spec.monitoring.demo }] : []),
  ];
}

function gatewayNeed({ name, gateway }: FleetSpec): PortNeed {
  return { name: memberNames(name).gateway, host: gateway.host, count: 1, asked: gateway.port };
}

/**
 * Gives everyone the ports it had, as far as they are free or it listens there itself, and others in place of those that are not.
 * @param listening names of the processes that run now
 * @throws PromfleetError PORT_TAKEN for a port that was asked for, LISTEN_FAILED for an address that is not to be had
 */
export async function assignPorts(
  needs: readonly PortNeed[],
  known: Ports,
  listening: ReadonlySet<string>,
): Promise<Ports> {
  const assigned: Record<string, readonly number[]> = { ...known };
  const taken = new Set(
    needs.filter(({ name }) => listening.has(name)).flatMap(({ name }) => known[name] ?? []),
  );
  for (const need of needs) {
    const had = known[need.name] ?? [];
    const runs = listening.has(need.name);
    const ports: number[] = [];
    if (need.host !== loopback) await checkAddress(need.host);
    for (let index = 0; index < need.count; index++) {
      const before = had[index];
      const wanted = need.asked ?? before;
      if (runs && wanted !== undefined && wanted === before) ports.push(wanted);
      else if (need.asked === undefined) ports.push(await choosePort(need.host, before, taken));
      else ports.push(await askedPort(need.host, need.asked));
      taken.add(ports[index] ?? 0);
    }
    assigned[need.name] = ports;
  }
  return assigned;
}

async function choosePort(
  host: string,
  before: number | undefined,
  taken: ReadonlySet<number>,
): Promise<number> {
  const range = Array.from({ length: portRange }, (_, index) => preferredPort(index));
  return await freePort(host, before === undefined ? range : [before, ...range], taken);
}

async function askedPort(host: string, port: number): Promise<number> {
  const not = await whyNotFree(host, port);
  if (not === undefined) return port;
  throw new PromfleetError({
    code: not.code,
    message: `the gateway cannot have ${host}:${port}, which fleet.yaml asks for: ${not.why}`,
  });
}

/** Whatever the port: before anything is given up for it. */
async function checkAddress(host: string): Promise<void> {
  const not = await whyNotFree(host, 0);
  if (not === undefined) return;
  throw new PromfleetError({
    code: not.code,
    message: `the gateway cannot have the address ${host}, which fleet.yaml asks for: ${not.why}`,
  });
}
