import type { FleetPlan, ServerPlan } from "../../plan/fleet-plan.ts";
import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import { yamlText } from "../../spec/yaml-text.ts";
import { renderTopology } from "../fleet-topology.ts";
import { renderServers } from "../render-servers.ts";
import type { RenderedFile } from "../rendered-file.ts";
import { discoveryAccess, inOwnNamespace } from "./discovery-access.ts";
import { gatewayObjects, gatewayPort, gatewayService } from "./gateway-objects.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { networkPolicies } from "./network-policies.ts";
import { gatewayPasswordFile, type ServerCredentials } from "./server-credentials.ts";
import { serverObjects, serverPort } from "./server-objects.ts";
import { serviceDiscovery } from "./service-discovery.ts";
import { shardBudget } from "./shard-budget.ts";

export interface KubernetesOptions {
  features: PrometheusFeatures;
  /** Whole versions: of the servers, "3.16.0", and of promfleet. */
  versions: { prometheus: string; promfleet: string };
  /** Whether there are two zones or more, so that the replicas of a shard have to be in different ones. */
  zoned?: boolean;
  /** Whether slots have changed hands within the retention. */
  moved?: boolean;
  /** By which the servers know the fleet. Left out: whoever reaches a server may ask it. */
  credentials?: ServerCredentials | undefined;
}

/** What a fleet is made of on a cluster. */
export interface KubernetesFleet {
  /** Who may do what, and how many may be away. */
  rights: readonly KubernetesObject[];
  servers: readonly ServerObjects[];
  gateway: readonly KubernetesObject[];
  /** The version of the topology among them. */
  topology: string;
}

/** What a server is made of. */
export interface ServerObjects {
  plan: ServerPlan;
  generation: string;
  secrets: readonly KubernetesObject[];
  service: KubernetesObject;
  statefulSet: KubernetesObject;
}

/** File names of a declaration are relative to its folder, which no pod has; they are taken to be in the server's own. */
const baseDir = "/etc/prometheus";

/**
 * Every object of a fleet, in an order in which they can be applied. They name no namespace: it is that in which they are applied.
 * @throws PromfleetError CONFIG_TOO_LARGE
 */
export function renderKubernetes(plan: FleetPlan, options: KubernetesOptions): KubernetesObject[] {
  const { rights, servers, gateway } = kubernetesFleet(plan, options);
  const ofServers = servers.flatMap(({ secrets, service, statefulSet }) => [
    ...secrets,
    service,
    statefulSet,
  ]);
  return [...rights, ...ofServers, ...gateway];
}

/** The same by what they are for. @throws PromfleetError CONFIG_TOO_LARGE */
export function kubernetesFleet(
  declared: FleetPlan,
  { features, versions, zoned = false, moved = false, credentials }: KubernetesOptions,
): KubernetesFleet {
  const spec = { ...declared.spec, scrapeConfigs: inOwnNamespace(declared.spec.scrapeConfigs) };
  const plan = { ...declared, spec };
  const ports = { server: serverPort, gateway: gatewayPort };
  const discovery = serviceDiscovery(plan, { ports, gateways: gatewayService(spec).headless, credentials });
  const addresses = new Map(plan.servers.map(({ name }) => [name, `http://${name}:${serverPort}`]));
  // the image has one Prometheus: it is found
  const program = { binary: undefined, version: versions.prometheus };
  const serverAuth = credentials && { username: credentials.username, passwordFile: gatewayPasswordFile };
  const topology = renderTopology(plan, addresses, program, { moved, serverAuth });
  return {
    rights: [
      ...plan.shards.map(({ id }) => shardBudget(spec, id)),
      ...networkPolicies(spec, ports),
      ...discoveryAccess(spec),
    ],
    servers: renderServers(plan, { features, baseDir, discovery }).map((server) => ({
      plan: server.server,
      generation: server.generation,
      ...serverObjects(server, { spec, features, version: versions.prometheus, zoned, credentials }),
    })),
    gateway: gatewayObjects({
      spec,
      version: versions.promfleet,
      topology: topology.content,
      password: credentials?.password,
    }),
    topology: topology.version,
  };
}

/** One file an object. */
export function objectFiles(objects: readonly KubernetesObject[]): RenderedFile[] {
  return objects.map((object, index) => ({
    path: `${String(index).padStart(3, "0")}-${object.kind.toLowerCase()}-${object.metadata.name}.yaml`,
    content: yamlText(object),
    mode: object.kind === "Secret" ? 0o600 : 0o644,
  }));
}
