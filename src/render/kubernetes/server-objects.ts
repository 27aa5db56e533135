import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import type { FleetSpec } from "../../spec/fleet-spec.ts";
import type { RenderedServer } from "../render-servers.ts";
import { serverFlags } from "../server-flags.ts";
import {
  type KubernetesObject,
  labelsOf,
  replicaLabel,
  selectorOf,
  shardLabel,
} from "./kubernetes-object.ts";
import { bytesOf, containerSecurity, goMemoryLimit, podSecurity, probe, resourcesOr } from "./pod-parts.ts";

export interface ServerOptions {
  spec: FleetSpec;
  features: PrometheusFeatures;
  /** The whole version that the servers run, "3.16.0". */
  version: string;
}

export const serverPort = 9090;
const paths = { config: "/etc/prometheus", data: "/prometheus" };

/** s; a replay of the WAL, or a last write of blocks, is never cut short. */
const grace = 600;
/** s between being taken out of its Service and being stopped: whoever asks has noticed by then. */
const leaving = 5;
/** Of a volume, for blocks: the WAL and what compaction writes need the rest. */
const sharedOfVolume = 0.8;
const defaults = { cpu: "250m", memory: "2Gi" };

/** All of one server: its configuration, its address, and the set of one pod that keeps its volume. */
export function serverObjects(rendered: RenderedServer, options: ServerOptions): KubernetesObject[] {
  return [configSecret(rendered, options), service(rendered, options), statefulSet(rendered, options)];
}

function metadataOf({ server }: RenderedServer, { spec }: ServerOptions): KubernetesObject["metadata"] {
  const own = { [shardLabel]: server.shard, [replicaLabel]: server.replica };
  return { name: server.name, labels: { ...labelsOf(spec.name, "server"), ...own } };
}

function selector({ server }: RenderedServer, { spec }: ServerOptions): Record<string, string> {
  return { ...selectorOf(spec.name, "server"), [shardLabel]: server.shard, [replicaLabel]: server.replica };
}

/** A Secret's keys have no slashes. */
const keyOf = (file: string): string => file.replaceAll("/", "_");

/** The configuration may hold passwords; one that is broken is one server's alone. */
function configSecret(rendered: RenderedServer, options: ServerOptions): KubernetesObject {
  const files = configFiles(rendered).map(({ path, content }) => [keyOf(path), content] as const);
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: metadataOf(rendered, options),
    type: "Opaque",
    stringData: Object.fromEntries(files),
  };
}

/** Paths as the configuration names them. */
function configFiles({ folder, files }: RenderedServer): { path: string; content: string }[] {
  return files.map(({ path, content }) => ({ path: path.slice(folder.length + 1), content }));
}

/** Queries go to the server through a Service of its own: without an endpoint it refuses at once, where a dead pod's address is silent. */
function service(rendered: RenderedServer, options: ServerOptions): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadataOf(rendered, options),
    spec: {
      selector: selector(rendered, options),
      ports: [{ name: "http", port: serverPort, targetPort: "http" }],
      // readiness is for whoever rolls a change out; the gateway looks for itself
      publishNotReadyAddresses: true,
    },
  };
}

function statefulSet(rendered: RenderedServer, options: ServerOptions): KubernetesObject {
  const metadata = metadataOf(rendered, options);
  const { storage } = options.spec.prometheus;
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata,
    spec: {
      replicas: 1,
      serviceName: metadata.name,
      selector: { matchLabels: selector(rendered, options) },
      podManagementPolicy: "Parallel",
      // a restart is one replica of a shard after the other, when the other has everything: nobody but promfleet can tell
      updateStrategy: { type: "OnDelete" },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      template: {
        metadata: {
          labels: metadata.labels,
          annotations: { "kubectl.kubernetes.io/default-container": "prometheus" },
        },
        spec: podSpec(rendered, options),
      },
      volumeClaimTemplates: [
        {
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "data", labels: metadata.labels },
          spec: {
            accessModes: ["ReadWriteOnce"],
            resources: { requests: { storage: storage.size } },
            ...(storage.className !== undefined && { storageClassName: storage.className }),
          },
        },
      ],
    },
  };
}

function podSpec(rendered: RenderedServer, options: ServerOptions): Record<string, unknown> {
  const { spec, version } = options;
  const resources = resourcesOr(spec.prometheus.resources, defaults);
  const goLimit = goMemoryLimit(resources.limits["memory"]);
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: grace,
    securityContext: podSecurity,
    affinity: apart(rendered, options),
    containers: [
      {
        name: "prometheus",
        image: spec.prometheus.image ?? `quay.io/prometheus/prometheus:v${version}`,
        command: ["/bin/prometheus"],
        args: flagsOf(rendered, options),
        ports: [{ name: "http", containerPort: serverPort }],
        ...(goLimit !== undefined && { env: [{ name: "GOMEMLIMIT", value: goLimit }] }),
        // /-/healthy answers while the WAL is replayed, however long that takes
        startupProbe: { ...probe("/-/healthy"), periodSeconds: 1, failureThreshold: 60 },
        livenessProbe: { ...probe("/-/healthy"), periodSeconds: 10, failureThreshold: 6 },
        readinessProbe: { ...probe("/-/ready"), periodSeconds: 5, failureThreshold: 3 },
        lifecycle: { preStop: { sleep: { seconds: leaving } } },
        resources,
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: paths.config, readOnly: true },
          { name: "data", mountPath: paths.data },
        ],
      },
    ],
    volumes: [{ name: "config", projected: { sources: [{ secret: secretItems(rendered) }] } }],
  };
}

function secretItems(rendered: RenderedServer): Record<string, unknown> {
  const items = configFiles(rendered).map(({ path }) => ({ key: keyOf(path), path }));
  return { name: rendered.server.name, items };
}

/** Two replicas of a shard are never on one node, nor in one zone where there are more. */
function apart(rendered: RenderedServer, { spec }: ServerOptions): Record<string, unknown> {
  const matchLabels = { ...selectorOf(spec.name, "server"), [shardLabel]: rendered.server.shard };
  const term = (topologyKey: string) => ({ topologyKey, labelSelector: { matchLabels } });
  return {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [term("kubernetes.io/hostname")],
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 100, podAffinityTerm: term("topology.kubernetes.io/zone") },
      ],
    },
  };
}

function flagsOf(rendered: RenderedServer, { spec, features }: ServerOptions): string[] {
  const size = bytesOf(spec.prometheus.storage.size);
  const retentionSize =
    spec.prometheus.retentionSize ??
    (size === undefined ? undefined : `${Math.floor((size * sharedOfVolume) / 1_048_576)}MB`);
  return serverFlags({ ...spec, prometheus: { ...spec.prometheus, retentionSize } }, features, {
    configFile: `${paths.config}/${rendered.configFile.slice(rendered.folder.length + 1)}`,
    dataDir: paths.data,
    listenAddress: `0.0.0.0:${serverPort}`,
  });
}
