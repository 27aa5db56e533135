import type { FleetSpec } from "../../spec/fleet-spec.ts";
import { type KubernetesObject, labelsOf, selectorOf } from "./kubernetes-object.ts";
import { gatewayPasswordFile } from "./server-credentials.ts";
import { containerSecurity, podSecurity, probe, resourcesOr } from "./pod-parts.ts";

export interface GatewayOptions {
  spec: FleetSpec;
  /** promfleet's own, without "v". */
  version: string;
  /** The text of topology.json: it may hold hashes of passwords. */
  topology: string;
  /** Of the servers. */
  password: string | undefined;
}

export const gatewayPort = 9390;
const port = gatewayPort;
const paths = { topology: "/etc/promfleet", state: "/var/lib/promfleet" };
/** s; requests that are being answered go on that long. */
const grace = 150;
/** s in which Services stop sending requests. */
const leaving = 5;
const defaults = { cpu: "250m", memory: "1Gi" };

/** Names of the Services: the one address of all, and one that stands for each of them. */
export function gatewayService({ name }: FleetSpec): { one: string; headless: string } {
  return { one: `${name}-gateway`, headless: `${name}-gateway-pods` };
}

/** The one address: gateways that are alike, each with an evaluator beside it. */
export function gatewayObjects(options: GatewayOptions): KubernetesObject[] {
  const { spec, topology, password } = options;
  const { one: name, headless } = gatewayService(spec);
  const metadata = { name, labels: labelsOf(spec.name, "gateway") };
  const matchLabels = selectorOf(spec.name, "gateway");
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "Opaque",
      stringData: {
        "topology.json": topology,
        ...(password !== undefined && { [gatewayPasswordFile]: password }),
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { selector: matchLabels, ports: [{ name: "http", port, targetPort: "http" }] },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { ...metadata, name: headless },
      spec: {
        clusterIP: "None",
        selector: matchLabels,
        ports: [{ name: "http", port, targetPort: "http" }],
        // one that is not ready is looked after all the more
        publishNotReadyAddresses: true,
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels },
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: spec.gateway.replicas,
        selector: { matchLabels },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: { metadata: { labels: metadata.labels }, spec: podSpec(metadata.name, options) },
      },
    },
  ];
}

function podSpec(name: string, { spec, version }: GatewayOptions): Record<string, unknown> {
  const spread = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels: selectorOf(spec.name, "gateway") },
  });
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: grace,
    securityContext: podSecurity,
    topologySpreadConstraints: [spread("topology.kubernetes.io/zone"), spread("kubernetes.io/hostname")],
    containers: [
      {
        name: "gateway",
        image: spec.gateway.image ?? `promfleet/promfleet:${version}`,
        args: ["gateway", `--topology=${paths.topology}/topology.json`, `--listen=0.0.0.0:${port}`],
        env: [{ name: "XDG_STATE_HOME", value: paths.state }],
        ports: [{ name: "http", containerPort: port }],
        startupProbe: { ...probe("/-/healthy"), periodSeconds: 1, failureThreshold: 60 },
        livenessProbe: { ...probe("/-/healthy"), periodSeconds: 10, failureThreshold: 3 },
        readinessProbe: { ...probe("/-/ready"), periodSeconds: 2, failureThreshold: 2 },
        lifecycle: { preStop: { sleep: { seconds: leaving } } },
        resources: resourcesOr(spec.gateway.resources, defaults),
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "topology", mountPath: paths.topology, readOnly: true },
          { name: "state", mountPath: paths.state },
          { name: "tmp", mountPath: "/tmp" },
        ],
      },
    ],
    volumes: [
      { name: "topology", secret: { secretName: name } },
      { name: "state", emptyDir: {} },
      { name: "tmp", emptyDir: {} },
    ],
  };
}
