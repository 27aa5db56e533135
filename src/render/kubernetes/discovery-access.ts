import type { FleetSpec, ScrapeConfig, Verbatim } from "../../spec/fleet-spec.ts";
import { type KubernetesObject, labelsOf } from "./kubernetes-object.ts";

/** Whether some job finds its targets by asking the API server. */
export function asksApiServer({ scrapeConfigs }: FleetSpec): boolean {
  return scrapeConfigs.some(({ config }) => discoveries(config).length > 0);
}

/**
 * Jobs that find their targets by the API server look in their own namespace where they name none: the fleet has rights there, and
 * nowhere else.
 */
export function inOwnNamespace(jobs: readonly ScrapeConfig[]): ScrapeConfig[] {
  return jobs.map((job) => {
    if (discoveries(job.config).length === 0) return job;
    const configs = discoveries(job.config).map((one) =>
      one["namespaces"] === undefined ? { ...one, namespaces: { own_namespace: true } } : one,
    );
    return { ...job, config: { ...job.config, kubernetes_sd_configs: configs } };
  });
}

/** Of the servers' pods. */
export function accountOf({ name }: FleetSpec): string {
  return `${name}-server`;
}

/** What those jobs need: to read what Prometheus discovers, in the namespace of the fleet. None where no job asks. */
export function discoveryAccess(spec: FleetSpec): KubernetesObject[] {
  if (!asksApiServer(spec)) return [];
  const metadata = { name: accountOf(spec), labels: labelsOf(spec.name, "server") };
  const group = "rbac.authorization.k8s.io";
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
    {
      apiVersion: `${group}/v1`,
      kind: "Role",
      metadata,
      rules: [
        reads("", "pods", "services", "endpoints"),
        reads("discovery.k8s.io", "endpointslices"),
        reads("networking.k8s.io", "ingresses"),
      ],
    },
    {
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: group, kind: "Role", name: metadata.name },
      // without a namespace it is that of the binding
      subjects: [{ kind: "ServiceAccount", name: metadata.name }],
    },
  ];
}

function discoveries(config: Verbatim): Verbatim[] {
  const list: unknown = config["kubernetes_sd_configs"];
  return Array.isArray(list)
    ? list.filter((one): one is Verbatim => typeof one === "object" && one !== null)
    : [];
}

function reads(apiGroup: string, ...resources: string[]): unknown {
  return { apiGroups: [apiGroup], resources, verbs: ["get", "list", "watch"] };
}
