import type { PrometheusFeatures } from "../../plan/prometheus-version.ts";
import type { FleetSpec } from "../../spec/fleet-spec.ts";
import type { RenderedServer } from "../render-servers.ts";
import { serverFlags } from "../server-flags.ts";
import { accountOf, asksApiServer } from "./discovery-access.ts";
import { configSecretNames, configSecrets } from "./config-secrets.ts";
import {
  type KubernetesObject,
  labelsOf,
  replicaLabel,
  selectorOf,
  shardLabel,
} from "./kubernetes-object.ts";
import { type ServerCredentials, webFileContents, webFiles } from "./server-credentials.ts";
import { bytesOf, containerSecurity, goMemoryLimit, podSecurity, probe, resourcesOr } from "./pod-parts.ts";

export interface ServerOptions {
  spec: FleetSpec;
  features: PrometheusFeatures;
  /** The whole version that the servers run, "3.16.0". */
  version: string;
  /** Whether the replicas of a shard have to be in different zones. */
  zoned: boolean;
  /** Undefined: whoever reaches a server may ask it. */
  credentials: ServerCredentials | undefined;
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
export function serverObjects(
  rendered: RenderedServer,
  options: ServerOptions,
): { secrets: KubernetesObject[]; service: KubernetesObject; statefulSet: KubernetesObject } {
  return {
    secrets: configSecrets(
      rendered,
      metadataOf(rendered, options),
      options.credentials && webFileContents(options.credentials),
    ),
    service: service(rendered, options),
    statefulSet: statefulSet(rendered, options),
  };
}

function metadataOf({ server }: RenderedServer, { spec }: ServerOptions): KubernetesObject["metadata"] {
  const own = { [shardLabel]: server.shard, [replicaLabel]: server.replica };
  return { name: server.name, labels: { ...labelsOf(spec.name, "server"), ...own } };
}

function selector({ server }: RenderedServer, { spec }: ServerOptions): Record<string, string> {
  return { ...selectorOf(spec.name, "server"), [shardLabel]: server.shard, [replicaLabel]: server.replica };
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
  const asks = asksApiServer(spec);
  return {
    ...(asks && { serviceAccountName: accountOf(spec) }),
    automountServiceAccountToken: asks,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: grace,
    securityContext: podSecurity,
    ...apart(rendered, options),
    containers: [
      {
        name: "prometheus",
        image: spec.prometheus.image ?? `quay.io/prometheus/prometheus:v${version}`,
        command: ["/bin/prometheus"],
        args: flagsOf(rendered, options),
        ports: [{ name: "http", containerPort: serverPort }],
        ...(goLimit !== undefined && { env: [{ name: "GOMEMLIMIT", value: goLimit }] }),
        ...probes(options),
        lifecycle: { preStop: { sleep: { seconds: leaving } } },
        resources,
        securityContext: containerSecurity,
        volumeMounts: [
          { name: "config", mountPath: paths.config, readOnly: true },
          { name: "data", mountPath: paths.data },
        ],
      },
    ],
    volumes: [{ name: "config", projected: { sources: configSources(rendered) } }],
  };
}

/** /-/healthy answers while the WAL is replayed, however long that takes. Of a server that asks for a password, its own promtool asks. */
function probes({ credentials }: ServerOptions): Record<string, unknown> {
  const ask = (what: "healthy" | "ready") =>
    credentials
      ? {
          exec: {
            command: [
              "/bin/promtool",
              "check",
              what,
              `--http.config.file=${paths.config}/${webFiles.client}`,
              `--url=http://127.0.0.1:${serverPort}`,
            ],
          },
          timeoutSeconds: 5,
        }
      : probe(`/-/${what}`);
  return {
    startupProbe: { ...ask("healthy"), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...ask("healthy"), periodSeconds: 10, failureThreshold: 6 },
    readinessProbe: { ...ask("ready"), periodSeconds: 5, failureThreshold: 3 },
  };
}

/** One that comes later stands in the folder at once, without a restart; so do further files. */
function configSources({ server }: RenderedServer): unknown[] {
  return configSecretNames(server.name).map((name, part) => ({
    secret: { name, ...(part > 0 && { optional: true }) },
  }));
}

/**
 * Two replicas of a shard are never on one node. Nor in one zone where there are more: else the volumes of both would be bound there,
 * for ever.
 */
function apart(rendered: RenderedServer, { spec, zoned }: ServerOptions): Record<string, unknown> {
  const labelSelector = {
    matchLabels: { ...selectorOf(spec.name, "server"), [shardLabel]: rendered.server.shard },
  };
  const zone = "topology.kubernetes.io/zone";
  return {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: "kubernetes.io/hostname", labelSelector },
        ],
        ...(!zoned && {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, podAffinityTerm: { topologyKey: zone, labelSelector } },
          ],
        }),
      },
    },
    // a third replica goes to one of two zones
    ...(zoned && {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: zone, whenUnsatisfiable: "DoNotSchedule", labelSelector },
      ],
    }),
  };
}

function flagsOf(rendered: RenderedServer, { spec, features, credentials }: ServerOptions): string[] {
  const size = bytesOf(spec.prometheus.storage.size);
  const retentionSize =
    spec.prometheus.retentionSize ??
    (size === undefined ? undefined : `${Math.floor((size * sharedOfVolume) / 1_048_576)}MB`);
  return serverFlags({ ...spec, prometheus: { ...spec.prometheus, retentionSize } }, features, {
    configFile: `${paths.config}/${rendered.configFile.slice(rendered.folder.length + 1)}`,
    dataDir: paths.data,
    listenAddress: `0.0.0.0:${serverPort}`,
    lifecycle: true,
    ...(credentials && { webConfigFile: `${paths.config}/${webFiles.config}` }),
  });
}
