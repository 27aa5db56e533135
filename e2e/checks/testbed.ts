import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Check, CheckContext } from "../harness/check.ts";
import { commandLine, markedEnvironment } from "../harness/processes.ts";
import { promfleetProgram } from "../harness/promfleet.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";
import { Cluster } from "../testbed/cluster.ts";
import { type Image, prometheusImage, promfleetImage } from "../testbed/images.ts";

/** s; a cluster that takes longer is of no use between two changes. */
const bounds = { up: 60, fleet: 90 };

export const testbed: Check = {
  name: "testbed",
  claim:
    "a real Kubernetes with two nodes in two zones comes up on this machine, runs a rendered fleet under the restricted level, and leaves nothing",
  bothVersions: false,
  // its programs take minutes to be made
  soakOnly: true,
  run,
};

async function run({ report, prometheus }: CheckContext): Promise<void> {
  if (process.getuid?.() !== 0) return report.skip("a cluster", "a network namespace of its own needs root");
  await using place = new Workplace("testbed");
  const images = [prometheusImage(prometheus, place.folder), promfleetImage(prometheus, place.folder)];
  const state = place.path("cluster");
  const cluster = new Cluster({
    folder: state,
    images: images.map(({ file }) => file),
    logs: place.path("logs"),
  });
  try {
    await claimUp(cluster, report);
    await claimFleet(cluster, report, place, images);
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

const secondsSince = (began: number): number => (performance.now() - began) / 1000;

async function claimUp(cluster: Cluster, report: CheckContext["report"]): Promise<void> {
  const began = performance.now();
  await cluster.up();
  const took = secondsSince(began);
  const zones = await cluster.exec("kubectl", "get", "nodes", "-o", `jsonpath=${zonesOfNodes}`);
  report.claim(
    `two nodes in two zones are ready within ${bounds.up} s`,
    zones === "zone-1:True zone-2:True " && took < bounds.up,
    `${zones}after ${took.toFixed(1)} s`,
  );
}

/** A fleet.yaml, rendered and applied as documented, in a namespace that admits nothing but what is restricted. */
async function claimFleet(
  cluster: Cluster,
  report: CheckContext["report"],
  place: Workplace,
  [servers, gateways]: readonly Image[],
): Promise<void> {
  await writeFile(place.path("fleet.yaml"), fleetText(servers?.name ?? "", gateways?.name ?? ""));
  const objects = place.path("objects");
  execFileSync(
    promfleetProgram,
    ["render", "--target", "kubernetes", "-f", place.path("fleet.yaml"), "-o", objects],
    { env: markedEnvironment() },
  );
  await cluster.apply([namespace]);
  const began = performance.now();
  await cluster.exec("kubectl", "apply", "--server-side", "-n", "fleet", "-f", objects);
  const address = await cluster.exec(
    "kubectl",
    "get",
    "service",
    "-n",
    "fleet",
    "main-gateway",
    "-o",
    "jsonpath={.spec.clusterIP}",
  );
  const url = `http://${address}:9390`;
  let last = "";
  const up = await until("all targets are up", bounds.fleet * 1000, async () => {
    last = await cluster
      .exec("curl", "-sS", "-m", "5", "--data-urlencode", "query=sum(up)", `${url}/api/v1/query`)
      .catch((error: unknown) => String(error));
    return last.includes(`"${targets}"]`) ? secondsSince(began) : undefined;
  }).catch(() => undefined);
  report.claim(
    `a rendered fleet of 2 shards with 2 replicas: all ${targets} targets up at the gateway within ${bounds.fleet} s`,
    up !== undefined,
    up === undefined ? last.slice(-300) : `after ${up.toFixed(1)} s`,
  );
  if (up === undefined) {
    report.figure("pods", await cluster.exec("kubectl", "get", "pods,events", "-n", "fleet"));
    const said = cluster.exec("kubectl", "logs", "-n", "fleet", "-l", gatewayPods, "--tail=20");
    report.figure("gateways", await said.catch(String));
  }
  const placed = await cluster.exec("kubectl", "get", "pods", "-n", "fleet", "-o", `jsonpath=${nodesOfPods}`);
  const nodesOf = (shard: string) =>
    new Set([...placed.matchAll(new RegExp(`main-${shard}-\\w-0=(\\S+)`, "g"))].map(([, node]) => node));
  report.claim(
    "replicas of a shard are on different nodes",
    ["0", "1"].every((shard) => nodesOf(shard).size === 2),
    placed,
  );
  await cluster.exec("kubectl", "delete", "pod", "-n", "fleet", "--grace-period=0", "--force", "main-0-a-0");
  const answers = { asked: 0, failed: 0, last: "" };
  await until("it is back", 90_000, async () => {
    const said = await cluster
      .exec("curl", "-sS", "-m", "5", "--data-urlencode", "query=count(up)", `${url}/api/v1/query`)
      .catch((error: unknown) => String(error));
    answers.asked++;
    if (!said.includes(`"${targets}"]`)) {
      answers.failed++;
      answers.last = said.slice(-300);
    }
    const phase = await cluster.exec(
      "kubectl",
      "get",
      "pod",
      "-n",
      "fleet",
      "main-0-a-0",
      "--ignore-not-found",
      "-o",
      `jsonpath=${readiness}`,
    );
    return phase === "True" ? true : undefined;
  });
  report.claim(
    "a server is taken away without warning: every query is answered in full until it is back",
    answers.failed === 0 && answers.asked > 3,
    `${answers.failed} of ${answers.asked} failed ${answers.last}`,
  );
}

const zonesOfNodes =
  '{range .items[*]}{.metadata.labels.topology\\.kubernetes\\.io/zone}:{.status.conditions[?(@.type=="Ready")].status} {end}';

const namespace = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "fleet", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
};

const nodesOfPods = "{range .items[*]}{.metadata.name}={.spec.nodeName} {end}";
const gatewayPods = "app.kubernetes.io/component=gateway";
const readiness = '{.status.conditions[?(@.type=="Ready")].status}';

/** Servers and gateways, as the fleet watches itself. */
const targets = 6;

const fleetText = (servers: string, gateways: string): string => `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: { name: main }
spec:
  shards: 2
  replicas: 2
  prometheus:
    image: ${servers}
    scrapeInterval: 2s
    storage: { size: 1Gi, className: local }
    resources: { requests: { cpu: 50m, memory: 128Mi }, limits: { memory: 512Mi } }
  gateway:
    image: ${gateways}
    resources: { requests: { cpu: 50m, memory: 256Mi }, limits: { memory: 1Gi } }
  monitoring: { fleet: true }
`;

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
