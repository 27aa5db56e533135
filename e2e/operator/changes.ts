import type { CheckContext } from "../harness/check.ts";
import { until } from "../harness/until.ts";
import type { Image } from "../testbed/images.ts";
import { conditionOf, type FleetCluster } from "./fleet-cluster.ts";
import type { FleetSpecDocument } from "./manifests.ts";
import type { OperatorPods } from "./operator-pods.ts";

interface Change {
  what: string;
  /** Of the spec as it was before. */
  apply: (spec: FleetSpecDocument) => void;
  /** Whether servers have to be restarted for it. */
  restarts: boolean;
  shortToo?: true;
}

type Images = Record<"otherPrometheus" | "otherPromfleet", Image>;

const changes = (images: Images): Change[] => [
  {
    what: "scrape config",
    apply: (spec) => {
      spec.scrapeConfigs.push({ job_name: "more", static_configs: [{ targets: ["main-gateway:9390"] }] });
    },
    restarts: false,
    shortToo: true,
  },
  {
    what: "rules",
    apply: (spec) => {
      spec.rules = [{ name: "group", rules: [{ record: "instance:up", expr: "up" }] }];
    },
    restarts: false,
  },
  {
    what: "args",
    apply: (spec) => {
      spec.prometheus.extraArgs = ["--storage.tsdb.wal-compression"];
    },
    restarts: true,
    shortToo: true,
  },
  {
    what: "image",
    apply: (spec) => {
      spec.prometheus.image = images.otherPrometheus.name;
    },
    restarts: true,
  },
  {
    what: "resources",
    apply: (spec) => {
      spec.prometheus.resources.limits = { memory: "600Mi" };
    },
    restarts: true,
  },
  {
    what: "retention",
    apply: (spec) => {
      // a shard that is taken away goes when its history is this old
      spec.prometheus.retention = "1m";
    },
    restarts: true,
  },
  {
    what: "three shards",
    apply: (spec) => {
      spec.shards = 3;
    },
    restarts: false,
  },
  {
    what: "two shards again",
    apply: (spec) => {
      spec.shards = 2;
    },
    restarts: false,
  },
  {
    what: "no job that discovers",
    apply: (spec) => {
      spec.scrapeConfigs = spec.scrapeConfigs.filter((job) => job["job_name"] !== "demo");
    },
    restarts: true,
  },
  {
    what: "three replicas",
    apply: (spec) => {
      spec.replicas = 3;
    },
    restarts: false,
  },
  {
    what: "two replicas again",
    apply: (spec) => {
      spec.replicas = 2;
    },
    restarts: false,
  },
  {
    what: "gateway image",
    apply: (spec) => {
      spec.gateway.image = images.otherPromfleet.name;
    },
    restarts: false,
  },
];

/** Every kind of change, one after the other, each on top of those before. In the middle of the first restarts the operator is killed. */
export async function claimChanges(
  fleet: FleetCluster,
  operators: OperatorPods,
  { report, soak, images }: CheckContext & { images: Images },
): Promise<void> {
  const before: Change["apply"][] = [];
  let isKilled = false;
  for (const change of changes(images)) {
    if (!soak && !change.shortToo) continue;
    before.push(change.apply);
    const uids = await uidsOf(fleet);
    const replicasBefore = uids.size;
    await fleet.declare((spec) => {
      for (const apply of before) apply(spec);
    });
    let killed = "";
    if (change.restarts && !isKilled) {
      isKilled = true;
      await until(
        "the first server is restarted",
        120_000,
        async () => changed(uids, await uidsOf(fleet)) > 0,
      );
      const leader = await operators.leader();
      await operators.kill(leader);
      killed = `, ${leader} killed in the middle`;
    }
    const took = await fleet.untilSettled();
    const now = await uidsOf(fleet);
    await operators.metrics();
    const restarted = changed(uids, now);
    const degraded = conditionOf(await fleet.fleet(), "Degraded");
    report.claim(
      `${change.what}: rolled out, ${change.restarts ? "every server restarted once" : "no server restarted"}`,
      degraded?.status === "False" && restarted === (change.restarts ? replicasBefore : 0),
      `${took.toFixed(1)} s, ${restarted} of ${replicasBefore} restarted${killed}; ${degraded?.message}`,
    );
  }
}

async function uidsOf(fleet: FleetCluster): Promise<Map<string, string>> {
  return new Map((await fleet.pods("server")).map(({ metadata }) => [metadata.name, metadata.uid]));
}

/** How many of those that are still there are others now. */
function changed(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): number {
  return [...before].filter(([name, uid]) => now.has(name) && now.get(name) !== uid).length;
}
