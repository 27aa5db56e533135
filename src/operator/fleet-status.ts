import type { LiveObject } from "../kubernetes/api-object.ts";
import { isMap, listAt, textAt } from "../kubernetes/api-object.ts";
import type { FleetObjects } from "./fleet-objects.ts";
import type { Step } from "./next-step.ts";
import type { ServerView, ServerWanted } from "./server-view.ts";

/** What a reconcile has found, for whoever reads the object. */
export interface Findings {
  /** Why what is declared now is not what is run: it is wrong, or was refused. */
  refused: { reason: string; message: string } | undefined;
  /** What could not be done. */
  trouble: { reason: string; message: string } | undefined;
  objects: FleetObjects | undefined;
  views: ReadonlyMap<string, ServerView>;
  steps: readonly Step[];
  settled: boolean;
  gateways: {
    wanted: number;
    ready: number;
    /** Whether all of them are as declared. */
    current: boolean;
    trouble: string | undefined;
  };
}

interface Condition {
  type: "Ready" | "Progressing" | "Degraded";
  status: "True" | "False";
  reason: string;
  message: string;
}

/** The status of a PrometheusFleet. Times of conditions that stay as they are stay, too. */
export function fleetStatus(fleet: LiveObject, findings: Findings, now: Date): Record<string, unknown> {
  const { objects, views } = findings;
  const before = listAt(fleet, "status", "conditions");
  const conditions = conditionsOf(findings).map((one) => {
    const old = before.find((other) => textAt(other, "type") === one.type);
    const same = textAt(old, "status") === one.status;
    return {
      ...one,
      observedGeneration: fleet.metadata.generation ?? 0,
      lastTransitionTime:
        (same ? textAt(old, "lastTransitionTime") : undefined) ?? `${now.toISOString().slice(0, 19)}Z`,
    };
  });
  const servers =
    objects?.servers.map(({ wanted, replica }) => serverStatus(wanted, replica, views.get(wanted.name))) ??
    [];
  return {
    observedGeneration: fleet.metadata.generation ?? 0,
    conditions,
    ...(objects && {
      shards: objects.spec.shards,
      replicas: objects.spec.replicas,
      version: objects.features.version,
      // of a shard only the first: whoever scales by it would count replicas as shards otherwise
      selector: `app.kubernetes.io/instance=${fleet.metadata.name},app.kubernetes.io/component=server,promfleet.dev/replica=a`,
      serversReady: `${servers.filter(({ state }) => state === "Ready").length}/${servers.length}`,
      servers,
    }),
    gateways: { wanted: findings.gateways.wanted, ready: findings.gateways.ready },
  };
}

function conditionsOf(findings: Findings): Condition[] {
  const { refused, trouble, objects, views, settled, gateways } = findings;
  const wanted = objects?.servers.map((one) => one.wanted) ?? [];
  const shards = new Map<string, boolean>();
  for (const { shard, name } of wanted)
    shards.set(shard, (shards.get(shard) ?? false) || isUp(views.get(name)));
  const down = [...shards].filter(([, up]) => !up).map(([shard]) => shard);
  const answers = wanted.length > 0 && down.length === 0 && gateways.ready > 0;
  const notWhole = wanted.filter(({ name }) => !isUp(views.get(name)));
  const bad = badOf(findings, notWhole);
  const waits = findings.steps.find((step) => step.do === "wait");
  const next = findings.steps[0];
  return [
    {
      type: "Ready",
      status: answers ? "True" : "False",
      reason: answers
        ? "Answering"
        : wanted.length === 0
          ? "NotDeployed"
          : down.length > 0
            ? "ShardDown"
            : "NoGateway",
      message: answers
        ? "every shard and a gateway answer"
        : down.length > 0
          ? `of shard ${down.join(", ")} no server is ready`
          : wanted.length === 0
            ? "nothing of it runs yet"
            : "no gateway is ready",
    },
    {
      type: "Progressing",
      status: settled || refused ? "False" : "True",
      reason: refused ? "Stopped" : settled ? "Done" : "RollingOut",
      message: refused
        ? "what is declared now is not rolled out"
        : settled
          ? "everything is as declared"
          : waits?.do === "wait"
            ? `waits for ${waits.server}: ${waits.why}`
            : next
              ? `${next.do} ${next.server}`
              : "gateways and addresses follow",
    },
    {
      type: "Degraded",
      status: bad ? "True" : "False",
      reason: bad?.reason ?? "AllWell",
      message: bad?.message ?? (trouble ? trouble.message : "nothing is known to be wrong"),
    },
  ];
}

function badOf(
  { refused, trouble, views, gateways }: Findings,
  notWhole: readonly ServerWanted[],
): { reason: string; message: string } | undefined {
  if (refused) return refused;
  if (trouble) return trouble;
  const troubled = notWhole.find(({ name }) => views.get(name)?.pod?.trouble !== undefined);
  if (troubled)
    return {
      reason: "ServerNotStarting",
      message: `${troubled.name}: ${views.get(troubled.name)?.pod?.trouble ?? ""}`,
    };
  if (gateways.trouble !== undefined) return { reason: "GatewayNotStarting", message: gateways.trouble };
  const killed = [...views.values()].find(({ pod }) => pod?.lastEnd === "OOMKilled");
  if (killed)
    return {
      reason: "OutOfMemory",
      message: `${killed.name} was ended because it needed more memory than its limit, ${killed.pod?.restarts ?? 0} restarts so far: raise spec.prometheus.resources.limits.memory, or have more shards`,
    };
  const [first] = notWhole;
  return (
    first && { reason: "ServerDown", message: `${notWhole.map(({ name }) => name).join(", ")}: not ready` }
  );
}

function serverStatus(wanted: ServerWanted, replica: string, view: ServerView | undefined) {
  const { name, shard } = wanted;
  const pod = view?.pod;
  const state =
    view?.template === undefined
      ? "Absent"
      : !pod
        ? "Starting"
        : pod.leaving
          ? "Leaving"
          : !pod.ready
            ? pod.trouble === undefined
              ? "Starting"
              : "Failing"
            : view.healed
              ? "Ready"
              : "Healing";
  const current = view?.template === wanted.template && pod?.template === wanted.template;
  return {
    name,
    shard,
    replica,
    state,
    upToDate: current && view?.shown === wanted.generation,
    ...(pod?.node !== undefined && { node: pod.node }),
    ...(pod && { restarts: pod.restarts }),
    ...(pod?.lastEnd === "OOMKilled" && { outOfMemory: true }),
    ...(pod?.trouble !== undefined && { message: pod.trouble }),
  };
}

function isUp(view: ServerView | undefined): boolean {
  return view?.pod !== undefined && view.pod.ready && !view.pod.leaving;
}

/** Whether a status says the same as the one that stands there. */
export function saysTheSame(live: LiveObject, status: Record<string, unknown>): boolean {
  return JSON.stringify(sorted(live["status"])) === JSON.stringify(sorted(status));
}

/** The API server has keys in an order of its own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.map(([key, one]) => [key, sorted(one)] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
