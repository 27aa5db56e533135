/** An object as the API server takes it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    labels: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
  };
  readonly [key: string]: unknown;
}

/** What an object is to the fleet. */
export type Component = "server" | "gateway";

/** By which a component's pods are selected; they never change. */
export function selectorOf(fleet: string, component: Component): Record<string, string> {
  return { "app.kubernetes.io/instance": fleet, "app.kubernetes.io/component": component };
}

/** Of one server, and of all of its shard. */
export const shardLabel = "promfleet.dev/shard";
export const replicaLabel = "promfleet.dev/replica";

/** Labels of an object, its selector among them. */
export function labelsOf(fleet: string, component: Component): Record<string, string> {
  return {
    "app.kubernetes.io/name": component === "server" ? "prometheus" : "promfleet-gateway",
    "app.kubernetes.io/part-of": "promfleet",
    "app.kubernetes.io/managed-by": "promfleet",
    ...selectorOf(fleet, component),
  };
}
