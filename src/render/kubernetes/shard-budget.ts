import type { FleetSpec } from "../../spec/fleet-spec.ts";
import { type KubernetesObject, labelsOf, selectorOf, shardLabel } from "./kubernetes-object.ts";

/**
 * Of a shard all replicas but one stay, whoever drains nodes. By number: a percentage or maxUnavailable counts against what the sets
 * say that there should be, which is less when one was scaled away. A pod that is not ready is nobody's loss.
 */
export function shardBudget(spec: FleetSpec, shard: string): KubernetesObject {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: {
      name: `${spec.name}-${shard}`,
      labels: { ...labelsOf(spec.name, "server"), [shardLabel]: shard },
    },
    spec: {
      minAvailable: spec.replicas - 1,
      selector: { matchLabels: { ...selectorOf(spec.name, "server"), [shardLabel]: shard } },
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}
