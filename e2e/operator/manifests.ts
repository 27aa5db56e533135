import { readFileSync } from "node:fs";
import path from "node:path";
import { checkout } from "../harness/workplace.ts";

/** Namespaces that admit nothing but what is restricted. */
export const restricted = (name: string): unknown => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name,
    labels: {
      "pod-security.kubernetes.io/enforce": "restricted",
      "pod-security.kubernetes.io/enforce-version": "latest",
    },
  },
});

const security = {
  pod: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: "RuntimeDefault" } },
  container: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
};

/** Some instances of a service that has metrics, to be discovered. */
export function demoApp(image: string, replicas: number): unknown {
  const labels = { app: "demo" };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "demo", namespace: "fleet" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          securityContext: security.pod,
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: "demo",
              image,
              args: ["demo-exporter", "--listen=0.0.0.0", "--ports=9101"],
              ports: [{ name: "metrics", containerPort: 9101 }],
              resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "256Mi" } },
              securityContext: security.container,
            },
          ],
        },
      },
    },
  };
}

/** A pod that asks the gateway all the time. */
export function askerPod(image: string, url: string, rate: number): unknown[] {
  const script = readFileSync(path.join(checkout, "e2e/operator/asker.js"), "utf8");
  const metadata = { name: "asker", namespace: "fleet" };
  return [
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "asker.mjs": script } },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata,
      spec: {
        automountServiceAccountToken: false,
        securityContext: security.pod,
        terminationGracePeriodSeconds: 1,
        restartPolicy: "Never",
        containers: [
          {
            name: "asker",
            image,
            command: ["/bin/node", "/scripts/asker.mjs", url, String(rate)],
            resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "256Mi" } },
            securityContext: security.container,
            volumeMounts: [{ name: "scripts", mountPath: "/scripts", readOnly: true }],
          },
        ],
        volumes: [{ name: "scripts", configMap: { name: "asker" } }],
      },
    },
  ];
}

/** What a fleet of the tests declares; changes are merged into its spec. */
export function fleetObject(
  images: { prometheus: string; promfleet: string },
  change: (spec: FleetSpecDocument) => void = () => {},
): { metadata: { name: string; namespace: string }; spec: FleetSpecDocument } & Record<string, unknown> {
  const spec: FleetSpecDocument = {
    shards: 2,
    replicas: 2,
    prometheus: {
      image: images.prometheus,
      scrapeInterval: "2s",
      retention: "1d",
      storage: { size: "1Gi", className: "local" },
      resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
      extraArgs: [],
    },
    scrapeConfigs: [
      {
        job_name: "demo",
        kubernetes_sd_configs: [{ role: "pod" }],
        relabel_configs: [
          { source_labels: ["__meta_kubernetes_pod_label_app"], regex: "demo", action: "keep" },
          { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Running", action: "keep" },
        ],
      },
    ],
    rules: [],
    gateway: {
      image: images.promfleet,
      replicas: 2,
      resources: { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "1Gi" } },
    },
  };
  change(spec);
  return {
    apiVersion: "promfleet.dev/v1alpha1",
    kind: "PrometheusFleet",
    metadata: { name: "main", namespace: "fleet" },
    spec,
  };
}

export interface FleetSpecDocument {
  shards: number;
  replicas: number;
  prometheus: {
    image: string;
    scrapeInterval: string;
    retention: string;
    storage: { size: string; className: string };
    resources: { requests: Record<string, string>; limits: Record<string, string> };
    extraArgs: string[];
  };
  scrapeConfigs: Record<string, unknown>[];
  rules: Record<string, unknown>[];
  gateway: { image: string; replicas: number; resources: Record<string, Record<string, string>> };
}
