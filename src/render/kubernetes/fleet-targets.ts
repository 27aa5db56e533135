import type { FleetPlan } from "../../plan/fleet-plan.ts";
import type { RenderedFile } from "../rendered-file.ts";

/** What the fleet's own jobs scrape on a cluster: the Services of its servers and gateways; of the demo and of nodes, nothing. */
export function fleetTargets(
  { spec, servers }: FleetPlan,
  ports: { server: number; gateway: number },
): RenderedFile[] {
  const groups = [
    ...servers.map(({ name }) => groupOf(name, ports.server, "server")),
    groupOf(`${spec.name}-gateway`, ports.gateway, "gateway"),
  ];
  return [
    ...(spec.monitoring.fleet ? [fileOf("fleet", groups)] : []),
    ...(spec.monitoring.node ? [fileOf("node", [])] : []),
    ...(spec.monitoring.demo > 0 ? [fileOf("demo", [])] : []),
  ];
}

const groupOf = (host: string, port: number, component: string) => ({
  targets: [`${host}:${port}`],
  labels: { instance: host, component },
});

const fileOf = (name: string, content: readonly unknown[]): RenderedFile => ({
  path: `targets/${name}.json`,
  content: `${JSON.stringify(content, null, 2)}\n`,
  mode: 0o600,
});
