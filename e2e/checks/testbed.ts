import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Check, CheckContext } from "../harness/check.ts";
import { commandLine } from "../harness/processes.ts";
import { cachedProgram } from "../harness/programs.ts";
import { until } from "../harness/until.ts";
import { Workplace, checkout } from "../harness/workplace.ts";
import { Cluster } from "../testbed/cluster.ts";

/** s; a cluster that takes longer is of no use between two changes. */
const bounds = { up: 60, ready: 60 };

export const testbed: Check = {
  name: "testbed",
  claim:
    "a real Kubernetes with two nodes in two zones comes up on this machine, runs a Prometheus as a restricted pod, and leaves nothing",
  bothVersions: false,
  // its programs take minutes to be made
  soakOnly: true,
  run,
};

async function run({ report, prometheus }: CheckContext): Promise<void> {
  if (process.getuid?.() !== 0) return report.skip("a cluster", "a network namespace of its own needs root");
  await using place = new Workplace("testbed");
  const image = place.path("prometheus.tar");
  const files = ["prometheus", "promtool"].map(
    (file) => `${cachedProgram("prometheus", prometheus, file)}=/bin/${file}`,
  );
  execFileSync(process.execPath, [
    path.join(checkout, "e2e/testbed/image.ts"),
    `promfleet/prometheus:v${prometheus}`,
    image,
    '["/bin/prometheus"]',
    ...files,
  ]);
  const state = place.path("cluster");
  const cluster = new Cluster({ folder: state, images: [image], logs: place.path("logs") });
  try {
    let began = performance.now();
    const seconds = () => (performance.now() - began) / 1000;
    await cluster.up();
    const zones = await cluster.exec("kubectl", "get", "nodes", "-o", `jsonpath=${zonesOfNodes}`);
    report.claim(
      `two nodes in two zones are ready within ${bounds.up} s`,
      zones === "zone-1:True zone-2:True " && seconds() < bounds.up,
      `${zones}after ${seconds().toFixed(1)} s`,
    );
    began = performance.now();
    await cluster.apply([namespace, config, podOf(prometheus)]);
    await cluster.exec(
      "kubectl",
      "wait",
      "-n",
      "fleet",
      "--for=condition=Ready",
      "pod/one",
      `--timeout=${bounds.ready}s`,
    );
    const address = await cluster.exec(
      "kubectl",
      "get",
      "pod",
      "-n",
      "fleet",
      "one",
      "-o",
      "jsonpath={.status.podIP}",
    );
    const answer = await cluster.exec("curl", "-sS", `http://${address}:9090/api/v1/status/buildinfo`);
    report.claim(
      "a Prometheus is admitted under the restricted level, becomes ready, and answers",
      answer.includes(`"version":"${prometheus}`),
      `after ${seconds().toFixed(1)} s`,
    );
  } finally {
    await cluster.down();
  }
  const left = await until("nothing is left", 10_000, () => {
    const found = leftovers(state);
    return found.length === 0 ? found : undefined;
  }).catch(() => leftovers(state));
  report.claim(
    "nothing is left of it: process, mount, network namespace, folder",
    left.length === 0,
    left.join(", ") || "0",
  );
}

const zonesOfNodes =
  '{range .items[*]}{.metadata.labels.topology\\.kubernetes\\.io/zone}:{.status.conditions[?(@.type=="Ready")].status} {end}';

const namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "fleet", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
};

const config = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "config", namespace: "fleet" },
  data: { "prometheus.yml": "global: {}\n" },
};

const podOf = (version: string) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "one", namespace: "fleet" },
  spec: {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_534,
      fsGroup: 65_534,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "prometheus",
        image: `promfleet/prometheus:v${version}`,
        imagePullPolicy: "Never",
        args: [
          "--config.file=/config/prometheus.yml",
          "--storage.tsdb.path=/data/tsdb",
          "--web.listen-address=:9090",
        ],
        readinessProbe: { httpGet: { path: "/-/ready", port: 9090 }, periodSeconds: 1 },
        resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { memory: "512Mi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        volumeMounts: [
          { name: "data", mountPath: "/data" },
          { name: "config", mountPath: "/config" },
        ],
      },
    ],
    volumes: [
      { name: "data", emptyDir: {} },
      { name: "config", configMap: { name: "config" } },
    ],
  },
});

/** What still runs, is mounted, or lies there of a cluster. */
function leftovers(state: string): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const running = pids
    .filter((pid) => Number(pid) !== process.pid && commandLine(Number(pid)).includes(`${state}/`))
    .map((pid) => `process ${pid}`);
  const mounted = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.split(" ")[1]?.startsWith(`${state}/`))
    .map((line) => `mount ${line.split(" ")[1]}`);
  const netns = existsSync("/run/netns/promfleet-testbed") ? ["its network namespace"] : [];
  return [...running, ...mounted, ...netns, ...(existsSync(state) ? [state] : [])];
}
