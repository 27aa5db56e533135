import type { CheckContext } from "../harness/check.ts";
import { conditionOf, type FleetCluster } from "./fleet-cluster.ts";
import type { FleetSpecDocument } from "./manifests.ts";

interface Mistake {
  what: string;
  apply: (spec: FleetSpecDocument) => void;
  reason: string;
  /** What the status has to name. */
  names: RegExp;
  shortToo?: true;
}

const mistakes: readonly Mistake[] = [
  {
    what: "a scrape config that Prometheus refuses",
    apply: (spec) => {
      spec.scrapeConfigs.push({ job_name: "wrong", scrape_interval: "2s", nonsense: 1 });
    },
    reason: "DeclarationRefused",
    names: /"wrong".*nonsense/,
    shortToo: true,
  },
  {
    what: "a rule that does not parse",
    apply: (spec) => {
      spec.rules = [{ name: "group", rules: [{ record: "x", expr: "sum(((" }] }];
    },
    reason: "DeclarationRefused",
    names: /rule "x" of group "group"/,
  },
  {
    what: "an image that does not exist",
    apply: (spec) => {
      spec.prometheus.image = "promfleet/prometheus:none";
    },
    reason: "PreflightFailed",
    names: /ErrImagePull|ImagePullBackOff/,
    shortToo: true,
  },
  {
    what: "volumes that shrink",
    apply: (spec) => {
      spec.prometheus.storage.size = "500Mi";
    },
    reason: "VolumeNotAsDeclared",
    names: /can not shrink/,
  },
  {
    what: "volumes that the class does not let grow",
    apply: (spec) => {
      spec.prometheus.storage.size = "2Gi";
    },
    reason: "VolumeNotAsDeclared",
    names: /can not grow/,
  },
  {
    what: "a claim that cannot bind",
    apply: (spec) => {
      spec.shards = 3;
      spec.prometheus.storage.className = "none";
    },
    reason: "ServerNotStarting",
    names: /main-2-[ab].*[Uu]nbound|main-2-[ab].*persistentvolumeclaim|main-2-[ab].*storageclass/i,
  },
];

const quota = (hard: Record<string, string>) => ({
  apiVersion: "v1",
  kind: "ResourceQuota",
  metadata: { name: "full", namespace: "fleet" },
  spec: { hard },
});

/** What is wrong touches no pod that runs, is told, and is gone with the mistake. */
export async function claimRefusals(fleet: FleetCluster, { report, soak }: CheckContext): Promise<void> {
  await fleet.declare();
  await fleet.untilSettled();
  for (const mistake of mistakes) if (soak || mistake.shortToo) await claimRefused(fleet, mistake, report);
  if (!soak) return;
  const pods = await fleet.get<{ items: unknown[] }>("pods");
  await fleet.cluster.apply([quota({ pods: String(pods.items.length) })]);
  await claimRefused(
    fleet,
    {
      what: "a quota that is full",
      apply: (spec) => {
        spec.prometheus.resources.limits = { memory: "700Mi" };
      },
      reason: "Refused",
      names: /exceeded quota: full/,
    },
    report,
  );
  await fleet.kubectl("delete", "resourcequota", "-n", "fleet", "full");
}

async function claimRefused(
  fleet: FleetCluster,
  { what, apply, reason, names }: Mistake,
  report: CheckContext["report"],
): Promise<void> {
  const uids = async () => (await fleet.pods("server")).map(({ metadata }) => metadata.uid).toSorted();
  const before = await uids();
  await fleet.declare(apply);
  let why = "";
  const took = await fleet
    .untilStatus(`${what} is told`, 90_000, (live) => {
      const degraded = conditionOf(live, "Degraded");
      why = `${degraded?.reason}: ${degraded?.message}`;
      return degraded?.status === "True" && degraded.reason === reason && names.test(degraded.message);
    })
    .catch(() => undefined);
  const after = await uids();
  const kept = before.every((uid) => after.includes(uid));
  const events = await fleet.kubectl("get", "events", "-n", "fleet", "-o", `jsonpath=${eventsOfFleets}`);
  const told = reason === "ServerNotStarting" || events.includes(reason);
  await fleet.declare();
  const healed = await fleet.untilSettled().catch((error: unknown) => String(error).slice(0, 500));
  report.claim(
    `${what}: no running pod is touched, status and event tell, and corrected it goes on by itself`,
    took !== undefined && kept && told && typeof healed === "number",
    `told ${took === undefined ? "not" : `after ${took.toFixed(1)} s`}: ${why.slice(0, 200)}; pods ${kept ? "the same" : "others"}, ${told ? "an event" : "no event"}; right again after ${typeof healed === "number" ? healed.toFixed(1) : healed} s`,
  );
}

const eventsOfFleets = '{range .items[?(@.involvedObject.kind=="PrometheusFleet")]}{.reason} {end}';
