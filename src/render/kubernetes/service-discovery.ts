import type { FleetPlan } from "../../plan/fleet-plan.ts";
import { type ServerCredentials, webFiles } from "./server-credentials.ts";
import type { Discovery } from "../server-config.ts";

/**
 * How promfleet's own jobs find their targets on a cluster: the servers by their Services, each gateway by the Service without an
 * address of its own. Of the demo and of nodes, nothing.
 */
export function serviceDiscovery(
  { spec, servers }: FleetPlan,
  {
    ports,
    gateways,
    credentials,
  }: {
    ports: { server: number; gateway: number };
    gateways: string;
    credentials: ServerCredentials | undefined;
  },
): Discovery {
  const fleet = {
    ...(credentials && { basic_auth: { username: credentials.username, password_file: webFiles.password } }),
    static_configs: servers.map(({ name }) => ({
      targets: [`${name}:${ports.server}`],
      labels: { instance: name, component: "server", fleet: spec.name },
    })),
    dns_sd_configs: [{ names: [gateways], type: "A", port: ports.gateway, refresh_interval: "15s" }],
    relabel_configs: [
      { source_labels: ["component"], regex: "", target_label: "component", replacement: "gateway" },
      { target_label: "fleet", replacement: spec.name },
    ],
  };
  return (job) => (job === "fleet" ? fleet : { static_configs: [] });
}
