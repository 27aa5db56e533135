import type { ServerPlan } from "../plan/fleet-plan.ts";
import { generationGlob, type RenderedServer } from "../render/render-servers.ts";
import { serverFlags } from "../render/server-flags.ts";
import type { GatewaySpec } from "../spec/fleet-spec.ts";
import type { FleetBuild } from "./fleet-build.ts";
import { loopback, type Ports } from "./fleet-ports.ts";
import { memberNames } from "./member-names.ts";
import type { ProcessKind } from "./process-record.ts";
import type { StatePaths } from "./state-paths.ts";

/** A process as it is to be. */
export interface DesiredProcess {
  name: string;
  kind: ProcessKind;
  argv: readonly [string, ...string[]];
  /** Base URL without a trailing slash. */
  url: string;
  /** Its working folder. */
  cwd: string;
  /** Of a server. */
  server?: DesiredServer | undefined;
}

export interface DesiredServer {
  plan: ServerPlan;
  /** Absolute. */
  dataDir: string;
  /** What its /api/v1/status/config shows once it runs this configuration. */
  proof: string;
  /** Of its folder, paths relative to the state's root. */
  files: RenderedServer["files"];
}

/** How this very program is run: Node, its options, the main file. */
export type SelfArgv = readonly [string, ...string[]];

/** Every process of a fleet. Pure. @param ports of everyone who needs some */
export function desiredProcesses(
  build: FleetBuild,
  ports: Ports,
  paths: StatePaths,
  self: SelfArgv,
): DesiredProcess[] {
  return [
    ...build.servers.map((server) => serverProcess(build, server, ports, paths)),
    ...exporters(build, ports, paths, self),
    gatewayProcess(build, ports, paths, self),
  ];
}

function serverProcess(
  { accepted, plan, features }: FleetBuild,
  { server, configFile, generation, files }: RenderedServer,
  ports: Ports,
  paths: StatePaths,
): DesiredProcess {
  const folder = paths.server(server.name);
  const dataDir = `${folder}/data`;
  const listenAddress = `${loopback}:${firstPortOf(ports, server.name)}`;
  const flags = serverFlags(plan.spec, features, {
    configFile: `${paths.root}/${configFile}`,
    dataDir,
    listenAddress,
  });
  return {
    name: server.name,
    kind: "server",
    argv: [accepted.prometheus.path, ...flags],
    url: `http://${listenAddress}`,
    cwd: folder,
    server: { plan: server, dataDir, proof: generationGlob(generation), files },
  };
}

function exporters(
  { accepted, plan }: FleetBuild,
  ports: Ports,
  paths: StatePaths,
  self: SelfArgv,
): DesiredProcess[] {
  const { monitoring, name } = plan.spec;
  const names = memberNames(name);
  const found: DesiredProcess[] = [];
  const common = { kind: "exporter", cwd: paths.root } as const;
  if (monitoring.node && accepted.nodeExporter) {
    const address = `${loopback}:${firstPortOf(ports, names.node)}`;
    const argv = [accepted.nodeExporter.path, `--web.listen-address=${address}`] as const;
    found.push({ ...common, name: names.node, argv, url: `http://${address}` });
  }
  if (monitoring.demo > 0) {
    const url = `http://${loopback}:${firstPortOf(ports, names.demo)}`;
    const list = (ports[names.demo] ?? []).join(",");
    found.push({
      ...common,
      name: names.demo,
      argv: [...self, "demo-exporter", "--listen", loopback, "--ports", list],
      url,
    });
  }
  return found;
}

function gatewayProcess(
  { plan }: FleetBuild,
  ports: Ports,
  paths: StatePaths,
  self: SelfArgv,
): DesiredProcess {
  const { name, gateway } = plan.spec;
  const port = firstPortOf(ports, memberNames(name).gateway);
  const words = ["--topology", paths.topology, "--listen", `${bracketed(gateway.host)}:${port}`];
  return {
    name: memberNames(name).gateway,
    kind: "gateway",
    argv: [...self, "gateway", ...words, "--state", paths.gateway],
    url: gatewayUrl(gateway, port),
    cwd: paths.gateway,
  };
}

/** Where this machine reaches it: "any address" is none to connect to. */
export function gatewayUrl({ host, tls }: Pick<GatewaySpec, "host" | "tls">, port: number): string {
  const reachable = host === "0.0.0.0" ? loopback : host === "::" ? "::1" : host;
  return `${tls ? "https" : "http"}://${bracketed(reachable)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function firstPortOf(ports: Ports, name: string): number {
  const port = ports[name]?.[0];
  if (port === undefined) throw new Error(`${name} has no port`);
  return port;
}
