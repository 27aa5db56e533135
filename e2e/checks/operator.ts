import type { Check, CheckContext } from "../harness/check.ts";
import { cachedProgram } from "../harness/programs.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";
import { claimChanges } from "../operator/changes.ts";
import { conditionOf, FleetCluster } from "../operator/fleet-cluster.ts";
import { claimLosses } from "../operator/losses.ts";
import { askedSoFar, startAsking } from "../operator/load.ts";
import { demoApp, restricted } from "../operator/manifests.ts";
import { claimOutOfMemory } from "../operator/out-of-memory.ts";
import { OperatorPods } from "../operator/operator-pods.ts";
import { PairWatch } from "../operator/pair-watch.ts";
import { claimRefusals } from "../operator/refusals.ts";
import { longestGap } from "../operator/scrape-gaps.ts";
import { Cluster } from "../testbed/cluster.ts";
import { prometheusImage, promfleetImage } from "../testbed/images.ts";

/** s from an empty cluster to all targets at the gateway. */
const boundUp = 90;
/** Queries a second meanwhile. */
const rate = 20;
/** Pods of the demo service. */
const demos = 3;
/** s: a scrape that is missed, and what a busy machine adds to the next one. */
const boundGap = 2 * 2 + 1.5;

export const operator: Check = {
  name: "operator",
  claim:
    "a chart and an object make a fleet on a real Kubernetes; every change and every loss goes by without a failed query, and what is wrong touches no pod",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run(context: CheckContext): Promise<void> {
  const { report, prometheus } = context;
  if (process.getuid?.() !== 0) return report.skip("a cluster", "a network namespace of its own needs root");
  for (const program of ["hyperkube", "coredns", "pause", "helm"]) cachedProgram(program);
  await using place = new Workplace("operator");
  const images = {
    prometheus: prometheusImage(prometheus, place.folder),
    promfleet: promfleetImage(prometheus, place.folder),
    otherPrometheus: prometheusImage(prometheus, place.folder, "again"),
    otherPromfleet: promfleetImage(prometheus, place.folder, "again"),
  };
  await using cluster = new Cluster({
    folder: place.path("cluster"),
    images: Object.values(images).map(({ file }) => file),
    logs: place.path("logs"),
    nodes: 3,
  });
  await cluster.up();
  const fleet = new FleetCluster(cluster, {
    prometheus: images.prometheus.name,
    promfleet: images.promfleet.name,
  });
  const operators = new OperatorPods(cluster);
  try {
    await claimInstalled(fleet, operators, context);
    await claimStrangers(fleet, context);
    await startAsking(fleet, rate);
    const began = performance.now();
    const watch = new PairWatch(fleet);
    await claimChanges(fleet, operators, { ...context, images });
    if (context.soak) await claimLosses(fleet, operators, context);
    await claimRefusals(fleet, context);
    if (context.soak) await claimOutOfMemory(fleet, context);
    await watch.stop();
    const asked = await askedSoFar(fleet);
    report.claim(
      `no query failed of ${rate} a second`,
      asked.failed === 0 && asked.asked > 1000,
      `${asked.failed} of ${asked.asked} failed, the slowest took ${Math.round(asked.slowest)} ms ${asked.problems.slice(0, 3).join(" ")}`,
    );
    report.claim(
      "of no shard all servers were down at once",
      watch.down.length === 0 && watch.looks > 100,
      `${watch.looks} looks, ${watch.down.length} found one: ${watch.down.slice(0, 3).join(", ")}`,
    );
    const { gap, of } = await longestGap(fleet, "demo", Math.ceil((performance.now() - began) / 1000));
    report.claim(
      `no target was without a sample on its pair for more than ${boundGap} s (interval 2 s)`,
      gap > 0 && gap <= boundGap,
      `${gap.toFixed(2)} s, ${of}`,
    );
    await claimQuiet(operators, context);
    if (context.soak) await claimRights(fleet, operators, context);
  } catch (error) {
    report.figure("pods", await fleet.kubectl("get", "pods,events", "-A").catch(String));
    report.figure("operators", await operators.logs().catch(String));
    throw error;
  }
}

/** From nothing: the chart, the object, and then queries are answered. */
async function claimInstalled(
  fleet: FleetCluster,
  operators: OperatorPods,
  { report }: CheckContext,
): Promise<void> {
  const { cluster, images } = fleet;
  const began = performance.now();
  await operators.install(images.promfleet);
  await cluster.apply([restricted("fleet"), demoApp(images.promfleet, demos)]);
  await fleet.declare();
  const wanted = demos + 4 + 2;
  let last: number | undefined;
  await until("all targets are up", boundUp * 1000, async () => {
    last = await fleet.value("sum(up)");
    return last === wanted;
  }).catch(() => undefined);
  const took = (performance.now() - began) / 1000;
  report.claim(
    `from nothing: chart, fleet of 2 shards with 2 replicas, all ${wanted} targets up at the gateway within ${boundUp} s`,
    last === wanted && took < boundUp,
    `${last ?? "no answer"} after ${took.toFixed(1)} s`,
  );
  const settled = await fleet.untilSettled();
  const found = await fleet.fleet();
  report.claim(
    "its status says so",
    conditionOf(found, "Ready")?.status === "True" && conditionOf(found, "Degraded")?.status === "False",
    `after ${settled.toFixed(1)} s more: ${found.status?.conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`).join(", ")}`,
  );
  const demo = await fleet.value('count(up{job="demo"} == 1)');
  report.claim(`kubernetes_sd finds the pods of a service`, demo === demos, `${demo} of ${demos}`);
  const pods = await fleet.kubectl("get", "pods", "-n", "fleet", "-o", `jsonpath=${phases}`);
  report.claim(
    "every pod is let in under the restricted level",
    !pods.includes("Failed") && pods.split(" ").length > 8,
    pods.trim(),
  );
  const placed = await fleet.pods("server");
  const nodesOf = (shard: string) =>
    new Set(
      placed
        .filter(({ metadata }) => metadata.labels["promfleet.dev/shard"] === shard)
        .map(({ spec }) => spec.nodeName),
    );
  report.claim(
    "the replicas of a shard are on different nodes, which are different zones",
    nodesOf("0").size === 2 && nodesOf("1").size === 2,
    placed.map(({ metadata, spec }) => `${metadata.name}=${spec.nodeName}`).join(" "),
  );
}

/** What a pod of another namespace gets from a server. */
async function claimStrangers(fleet: FleetCluster, { report }: CheckContext): Promise<void> {
  const service = await fleet.get<{ spec: { clusterIP: string } }>("service", "main-0-a");
  const codes: string[] = [];
  for (const [method, path] of [
    ["POST", "/-/quit"],
    ["POST", "/-/reload"],
    ["GET", "/api/v1/query?query=up"],
    ["POST", "/api/v1/read"],
    ["POST", "/api/v1/write"],
    ["GET", "/metrics"],
    ["GET", "/api/v1/status/config"],
  ] as const) {
    const url = `http://${service.spec.clusterIP}:9090${path}`;
    const words = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "5", "-X", method, url];
    codes.push(`${path} ${await fleet.cluster.exec("curl", ...words)}`);
  }
  report.claim(
    "whoever has no password can neither end, nor reload, nor read, nor write a server (policies of the network are not enforced here)",
    codes.every((code) => code.endsWith(" 401")),
    codes.join(", "),
  );
}

/** The last of the rights is needed where no job asks the API server any more, and where a shard's history is over. */
async function claimRights(
  fleet: FleetCluster,
  operators: OperatorPods,
  { report }: CheckContext,
): Promise<void> {
  await fleet.declare((spec) => {
    spec.scrapeConfigs = [];
    spec.shards = 3;
    spec.prometheus.retention = "1m";
  });
  await fleet.untilSettled();
  await fleet.declare((spec) => {
    spec.scrapeConfigs = [];
    spec.prometheus.retention = "1m";
  });
  await until("the third shard is over", 240_000, async () => {
    const budgets = await fleet.kubectl("get", "poddisruptionbudgets", "-n", "fleet", "-o", "name");
    return !budgets.includes("main-2");
  });
  await fleet.untilSettled();
  const { unused, beyond } = await operators.rightsAndCalls();
  report.claim(
    "the operator has done everything that the chart lets it, and nothing else",
    unused.length === 0 && beyond.length === 0,
    `not used: ${unused.join(", ") || "nothing"}; beyond: ${beyond.join(", ") || "nothing"}`,
  );
}

/** Nothing is written when there is nothing to do. */
async function claimQuiet(operators: OperatorPods, { report }: CheckContext): Promise<void> {
  const writes = async () =>
    [...(await operators.metrics())]
      .filter(([name]) => name.startsWith("promfleet_operator_api_calls_total"))
      .filter(([name]) => /verb="(create|update|patch|delete)"/.test(name) && !name.includes('"leases"'))
      .reduce((sum, [, value]) => sum + value, 0);
  // events of the last moments may still come
  await until("it has come to rest", 60_000, async () => {
    const before = await writes();
    const began = performance.now();
    while (performance.now() - began < 5000) if ((await writes()) !== before) return undefined;
    return true;
  });
  const before = await writes();
  const reconciles = (await operators.metrics()).get("promfleet_operator_reconciles_total") ?? 0;
  await until("it has looked again", 90_000, async () => {
    const now = (await operators.metrics()).get("promfleet_operator_reconciles_total") ?? 0;
    return now > reconciles;
  });
  const after = await writes();
  const metrics = await operators.metrics();
  const memory = (metrics.get("process_resident_memory_bytes") ?? 0) / 1024 ** 2;
  report.claim(
    "a look at a fleet that is as declared writes nothing",
    after === before,
    `${after - before} writes, ${memory.toFixed(0)} MB resident`,
  );
}

const phases = "{range .items[*]}{.metadata.name}={.status.phase} {end}";
