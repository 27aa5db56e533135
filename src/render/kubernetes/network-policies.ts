import type { FleetSpec } from "../../spec/fleet-spec.ts";
import { type KubernetesObject, labelsOf, selectorOf } from "./kubernetes-object.ts";

/**
 * Who may connect to whom: to the servers the fleet itself and whoever runs it; to the gateways, and their own answers to reads,
 * everybody. A network that does not enforce policies does not; servers ask for a password besides.
 */
export function networkPolicies(
  spec: FleetSpec,
  ports: { server: number; gateway: number },
): KubernetesObject[] {
  const policy = (
    component: "server" | "gateway",
    port: number,
    from: unknown[] | undefined,
  ): KubernetesObject => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `${spec.name}-${component}`, labels: labelsOf(spec.name, component) },
    spec: {
      podSelector: { matchLabels: selectorOf(spec.name, component) },
      policyTypes: ["Ingress"],
      ingress: [{ ports: [{ protocol: "TCP", port }], ...(from && { from }) }],
    },
  });
  const fleet = { podSelector: { matchLabels: { "app.kubernetes.io/instance": spec.name } } };
  const operator = {
    namespaceSelector: {},
    podSelector: {
      matchLabels: { "app.kubernetes.io/name": "promfleet", "app.kubernetes.io/component": "operator" },
    },
  };
  return [policy("server", ports.server, [fleet, operator]), policy("gateway", ports.gateway, undefined)];
}
