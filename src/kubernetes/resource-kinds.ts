import type { ResourceKind } from "./api-object.ts";

const kindOf = (apiVersion: string, kind: string, plural: string, namespaced = true): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced,
});

/** Every kind that promfleet reads or writes. */
export const kinds = {
  configMap: kindOf("v1", "ConfigMap", "configmaps"),
  event: kindOf("v1", "Event", "events"),
  namespace: kindOf("v1", "Namespace", "namespaces", false),
  node: kindOf("v1", "Node", "nodes", false),
  claim: kindOf("v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
  pod: kindOf("v1", "Pod", "pods"),
  secret: kindOf("v1", "Secret", "secrets"),
  service: kindOf("v1", "Service", "services"),
  serviceAccount: kindOf("v1", "ServiceAccount", "serviceaccounts"),
  deployment: kindOf("apps/v1", "Deployment", "deployments"),
  statefulSet: kindOf("apps/v1", "StatefulSet", "statefulsets"),
  lease: kindOf("coordination.k8s.io/v1", "Lease", "leases"),
  networkPolicy: kindOf("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies"),
  budget: kindOf("policy/v1", "PodDisruptionBudget", "poddisruptionbudgets"),
  role: kindOf("rbac.authorization.k8s.io/v1", "Role", "roles"),
  roleBinding: kindOf("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings"),
  fleet: kindOf("promfleet.dev/v1alpha1", "PrometheusFleet", "prometheusfleets"),
} as const satisfies Readonly<Record<string, ResourceKind>>;

/** @returns undefined for a kind that promfleet has nothing to do with */
export function kindNamed(apiVersion: string, kind: string): ResourceKind | undefined {
  return Object.values(kinds).find((one) => one.apiVersion === apiVersion && one.kind === kind);
}

/** Path of all objects of a kind, in one namespace or in all. */
export function pathOf({ apiVersion, plural }: ResourceKind, namespace?: string): string {
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined
    ? `${group}/${plural}`
    : `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}
