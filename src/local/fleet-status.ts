import { type AcceptedFleet, readAccepted, readOwners } from "./accepted-fleet.ts";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type DesiredProcess, desiredProcesses } from "./desired-processes.ts";
import { evaluatorRecordFile } from "./evaluator-process.ts";
import { buildFleet } from "./fleet-build.ts";
import { type Ports, readPorts } from "./fleet-ports.ts";
import type { LocalFleet } from "./local-fleet.ts";
import { lookAtMember } from "./look-at-member.ts";
import { memberNames } from "./member-names.ts";
import { findRecorded, readProcessRecord } from "./process-record.ts";
import { apiData, isObject, isReady } from "../servers/prometheus-probe.ts";
import { activeTargets } from "../servers/scrape-progress.ts";
import type { StatePaths } from "./state-paths.ts";
import type { HealingStatus, MemberStatus, ServerStatus, StatusDocument } from "./status-document.ts";

/** ms that a server may take to say how it is. */
const timeout = 3000;

/**
 * How a fleet is, as the processes themselves say.
 * @param live of its supervisor; without one the records tell who there was
 * @param healing what the supervisor gives to whom
 * @throws PromfleetError FLEET_ABSENT, STATE_CORRUPT
 */
export async function fleetStatus(
  paths: StatePaths,
  supervisor: StatusDocument["supervisor"],
  live?: LocalFleet,
  healing: (name: string) => HealingStatus | undefined = () => undefined,
): Promise<StatusDocument> {
  const accepted = await readAccepted(paths);
  const published = live?.published;
  const { fleet, processes } =
    live && published
      ? { fleet: published.plan.spec.name, processes: live.desired(published) }
      : await recordedProcesses(paths, accepted);
  const statuses = await Promise.all(
    processes.map(async (one) => ({ one, status: await memberStatus(paths, one, live) })),
  );
  const servers = await Promise.all(
    statuses.flatMap(({ one, status }) =>
      one.server ? [serverStatus(one.server.plan, status, healing(one.name))] : [],
    ),
  );
  const others = statuses.flatMap(({ one, status }) => (one.server ? [] : [status]));
  const evaluator = await evaluatorStatus(paths, memberNames(fleet).evaluator);
  return {
    fleet,
    gateway: processes.find(({ kind }) => kind === "gateway")?.url ?? "",
    servers,
    evaluator,
    others,
    supervisor,
    whole:
      supervisor.state === "running" &&
      [...servers, ...others, evaluator].every(({ state }) => state === "ready"),
    state: paths.root,
    source: accepted?.source ?? null,
  };
}

async function recordedProcesses(
  paths: StatePaths,
  accepted: AcceptedFleet | undefined,
): Promise<{ fleet: string; processes: readonly DesiredProcess[] }> {
  if (!accepted)
    throw new PromfleetError({ code: "FLEET_ABSENT", message: `no fleet was ever started in ${paths.root}` });
  const build = buildFleet(accepted, await readOwners(paths));
  const ports: Ports = await readPorts(paths);
  return {
    fleet: build.plan.spec.name,
    processes: desiredProcesses(build, ports, paths, ["promfleet"]),
  };
}

async function memberStatus(
  paths: StatePaths,
  desired: DesiredProcess,
  live: LocalFleet | undefined,
): Promise<MemberStatus> {
  const { name, url } = desired;
  const member = live?.member(name);
  if (member) {
    const { kept } = member;
    return {
      name,
      url: member.desired.url,
      pid: kept.identity?.pid ?? null,
      state: kept.state,
      since: kept.since.toISOString(),
      restarts: kept.restarts,
      lastError: kept.lastError ? { text: kept.lastError.text, at: kept.lastError.at.toISOString() } : null,
    };
  }
  const record = await readProcessRecord(paths.record(name));
  const identity = record && findRecorded(record);
  const state = !identity
    ? record && record.stopped !== true
      ? "dead"
      : "stopped"
    : (await lookAtMember(desired, AbortSignal.timeout(timeout), false)) === "well"
      ? "ready"
      : "unready";
  return {
    name,
    url: record?.url ?? url,
    pid: identity?.pid ?? null,
    state,
    since: identity ? (record?.startedAt ?? null) : null,
    restarts: null,
    lastError: null,
  };
}

async function serverStatus(
  { shard, replica }: { shard: string; replica: string },
  status: MemberStatus,
  healing: HealingStatus | undefined,
): Promise<ServerStatus> {
  const { url } = status;
  const asked = status.state === "ready" && url !== null;
  const [targets, series] = asked
    ? await Promise.all([activeTargets(url).catch(() => undefined), headSeries(url).catch(() => undefined)])
    : [];
  const count = (health: string) => targets?.filter((target) => target.health === health).length ?? 0;
  return {
    ...status,
    shard,
    replica,
    targets: targets ? { up: count("up"), down: count("down"), unknown: count("unknown") } : null,
    series: series ?? null,
    healing: healing ?? null,
  };
}

async function headSeries(url: string): Promise<number | undefined> {
  const data = await apiData(url, "/api/v1/status/tsdb?limit=1", timeout);
  const head = isObject(data) ? data["headStats"] : undefined;
  const series = isObject(head) ? head["numSeries"] : undefined;
  return typeof series === "number" ? series : undefined;
}

async function evaluatorStatus(paths: StatePaths, name: string): Promise<MemberStatus> {
  const record = await readProcessRecord(evaluatorRecordFile(paths.evaluator));
  const identity = record && findRecorded(record);
  const ready =
    identity && record.url !== undefined && (await isReady(record.url, timeout).catch(() => false));
  return {
    name: record?.name ?? name,
    url: record?.url ?? null,
    pid: identity?.pid ?? null,
    state: ready ? "ready" : identity ? "unready" : record ? "restarting" : "stopped",
    since: identity ? record.startedAt : null,
    restarts: null,
    lastError: null,
  };
}
