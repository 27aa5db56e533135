import type { OwnerReference } from "../kubernetes/api-object.ts";
import { contentOf } from "../kubernetes/object-difference.ts";
import type { FleetPlan } from "../plan/fleet-plan.ts";
import { planFleet } from "../plan/plan-fleet.ts";
import { type PrometheusFeatures, prometheusFeatures } from "../plan/prometheus-version.ts";
import type { KubernetesObject } from "../render/kubernetes/kubernetes-object.ts";
import type { ServerCredentials } from "../render/kubernetes/server-credentials.ts";
import { kubernetesFleet } from "../render/kubernetes/render-kubernetes.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import type { FleetState } from "./fleet-state.ts";
import type { ServerWanted } from "./server-view.ts";

/** An object of a fleet, in its namespace, owned by what declares it. */
export interface OwnedObject extends KubernetesObject {
  metadata: KubernetesObject["metadata"] & { namespace: string; ownerReferences: readonly OwnerReference[] };
}

/** All that a fleet is to be on a cluster. */
export interface FleetObjects {
  spec: FleetSpec;
  plan: FleetPlan;
  features: PrometheusFeatures;
  rights: readonly OwnedObject[];
  servers: readonly ServerOfFleet[];
  gateway: readonly OwnedObject[];
  /** Version of the topology that the gateways are to follow. */
  topology: string;
}

export interface ServerOfFleet {
  wanted: ServerWanted;
  replica: string;
  secrets: readonly OwnedObject[];
  service: OwnedObject;
  statefulSet: OwnedObject;
}

/** Stands on a StatefulSet and on the pods that are made from it. */
export const templateAnnotation = "promfleet.dev/template";

export interface FleetObjectsOptions {
  spec: FleetSpec;
  state: FleetState;
  namespace: string;
  owner: OwnerReference;
  /** Of promfleet, and of the Prometheus that stands for one that is not named wholly. */
  versions: { promfleet: string; prometheus: string };
  credentials: ServerCredentials;
}

/** Pure. @throws PromfleetError for rules that no shard can evaluate alone, CONFIG_TOO_LARGE */
export function fleetObjects({
  spec,
  state,
  namespace,
  owner,
  versions,
  credentials,
}: FleetObjectsOptions): FleetObjects {
  const prometheus = serverVersion(spec.prometheus.version, versions.prometheus);
  const features = prometheusFeatures(prometheus);
  const retired = Object.keys(state.retired).filter((shard) => Number(shard) >= spec.shards);
  const plan = planFleet(spec, () => undefined, state.owners, retired);
  const rendered = kubernetesFleet(plan, {
    features,
    versions: { promfleet: versions.promfleet, prometheus },
    zoned: state.zoned,
    moved: state.moved !== undefined,
    credentials,
  });
  const own = (object: KubernetesObject): OwnedObject => ({
    ...object,
    metadata: { ...object.metadata, namespace, ownerReferences: [owner] },
  });
  return {
    spec,
    plan,
    features,
    rights: rendered.rights.map(own),
    servers: rendered.servers.map(
      ({ plan: { name, shard, replica }, generation, secrets, service, statefulSet }) => {
        const { object, template } = withTemplateHash(statefulSet);
        return {
          wanted: { name, shard, template, generation },
          replica,
          secrets: secrets.map((one) => own(withEncodedData(one))),
          service: own(service),
          statefulSet: own(object),
        };
      },
    ),
    gateway: rendered.gateway.map((one) => own(withEncodedData(one))),
    topology: rendered.topology,
  };
}

/** A whole version: "3.16" is what the operator has of it, or its first. */
export function serverVersion(asked: string | undefined, own: string): string {
  if (asked === undefined || own === asked || own.startsWith(`${asked}.`)) return own;
  return [...asked.split("."), "0", "0"].slice(0, 3).join(".");
}

/** What the API server makes of it anyway, so that it can be compared. */
function withEncodedData(object: KubernetesObject): KubernetesObject {
  const { stringData, ...rest } = object;
  if (object.kind !== "Secret" || typeof stringData !== "object" || stringData === null) return object;
  const data = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(String(value)).toString("base64"),
  ]);
  return { ...rest, data: Object.fromEntries(data) as Record<string, string> };
}

function withTemplateHash(statefulSet: KubernetesObject): { object: KubernetesObject; template: string } {
  const spec = statefulSet["spec"] as { template: { metadata: { annotations?: Record<string, string> } } };
  const hash = contentOf(spec.template);
  const { metadata } = spec.template;
  const annotations = { ...metadata.annotations, [templateAnnotation]: hash };
  const object = {
    ...statefulSet,
    metadata: {
      ...statefulSet.metadata,
      annotations: { ...statefulSet.metadata.annotations, [templateAnnotation]: hash },
    },
    spec: { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } },
  };
  return { object, template: hash };
}
