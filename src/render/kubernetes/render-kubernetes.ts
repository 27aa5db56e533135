import type { FleetPlan } from "../../plan/fleet-plan.ts";
import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import { yamlText } from "../../spec/yaml-text.ts";
import { renderTopology } from "../fleet-topology.ts";
import { renderServers } from "../render-servers.ts";
import type { RenderedFile } from "../rendered-file.ts";
import { gatewayObjects, gatewayPort, gatewayService } from "./gateway-objects.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { serverObjects, serverPort } from "./server-objects.ts";
import { serviceDiscovery } from "./service-discovery.ts";
import { shardBudget } from "./shard-budget.ts";

export interface KubernetesOptions {
  features: PrometheusFeatures;
  /** Whole versions: of the servers, "3.16.0", and of promfleet. */
  versions: { prometheus: string; promfleet: string };
  /** Whether there are two zones or more, so that the replicas of a shard have to be in different ones. */
  zoned?: boolean;
}

/** File names of a declaration are relative to its folder, which no pod has; they are taken to be in the server's own. */
const baseDir = "/etc/prometheus";

/**
 * Every object of a fleet, in an order in which they can be applied. They name no namespace: it is that in which they are applied.
 * @throws PromfleetError CONFIG_TOO_LARGE
 */
export function renderKubernetes(
  plan: FleetPlan,
  { features, versions, zoned = false }: KubernetesOptions,
): KubernetesObject[] {
  const { spec } = plan;
  const ports = { server: serverPort, gateway: gatewayPort };
  const discovery = serviceDiscovery(plan, { ports, gateways: gatewayService(spec).headless });
  const addresses = new Map(plan.servers.map(({ name }) => [name, `http://${name}:${serverPort}`]));
  // the image has one Prometheus: it is found
  const topology = renderTopology(plan, addresses, { binary: undefined, version: versions.prometheus });
  return [
    ...plan.shards.map(({ id }) => shardBudget(spec, id)),
    ...renderServers(plan, { features, baseDir, discovery }).flatMap((server) =>
      serverObjects(server, { spec, features, version: versions.prometheus, zoned }),
    ),
    ...gatewayObjects({ spec, version: versions.promfleet, topology: topology.content }),
  ];
}

/** One file an object. */
export function objectFiles(objects: readonly KubernetesObject[]): RenderedFile[] {
  return objects.map((object, index) => ({
    path: `${String(index).padStart(3, "0")}-${object.kind.toLowerCase()}-${object.metadata.name}.yaml`,
    content: yamlText(object),
    mode: object.kind === "Secret" ? 0o600 : 0o644,
  }));
}
