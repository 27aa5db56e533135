import { readFile } from "node:fs/promises";
import { type Complaint, PromfleetError } from "../errors/promfleet-error.ts";
import type { GatewayLimits } from "../spec/fleet-spec.ts";
import type { DesiredProcess } from "./desired-processes.ts";
import type { FleetBuild } from "./fleet-build.ts";
import type { LocalFleet, Say } from "./local-fleet.ts";
import { differingFiles } from "./member-files.ts";
import { provesConfig, reloadServer } from "./reload-server.ts";
import { restartServer } from "./restart-server.ts";
import { untilReady } from "./until-ready.ts";

/** What becomes of a process. */
export interface Change {
  name: string;
  action: "start" | "reload" | "restart" | "stop";
}

/**
 * Makes the fleet what a build says, from whatever it is: starts what is new, reloads what can be reloaded, restarts one replica at
 * a time where it must, then tells the gateway, then ends what is no more. Can be repeated, and goes on where it was interrupted.
 * @throws PromfleetError; the signal's reason. What was done so far stays: converge to what was before to take it back
 */
export async function converge(
  fleet: LocalFleet,
  build: FleetBuild,
  say: Say,
  signal: AbortSignal,
): Promise<readonly Change[]> {
  const fresh = fleet.published === undefined || fleet.names().length === 0;
  await fleet.choosePorts(build);
  const desired = fleet.desired(build);
  const changes = await pendingChanges(fleet, build, desired);
  const having = (action: Change["action"], kind?: DesiredProcess["kind"]) =>
    desired.filter(
      (one) =>
        (kind === undefined || one.kind === kind) &&
        changes.some((change) => change.name === one.name && change.action === action),
    );
  // whoever starts first finds everyone's address
  if (fresh) await fleet.publish(build);
  else await fleet.writeTargets(build);
  for (const { name, action } of changes) say(`${name}: ${action}`);
  await startAll(fleet, having("start"), say, signal);
  for (const next of having("reload", "server")) {
    const member = fleet.member(next.name);
    if (!member) continue;
    await member.kept.ready(signal);
    await reloadServer(member, next, fleet.paths);
    say(`${next.name} runs its new configuration`);
  }
  for (const next of having("restart", "server")) await restartServer(fleet, next, say, signal);
  // those that nothing changes for are known by what they are to be from now on
  for (const next of desired) fleet.want(next);
  await fleet.publish(build);
  for (const next of [...having("restart", "exporter"), ...having("restart", "gateway")]) {
    await fleet.member(next.name)?.kept.stop();
    await startAll(fleet, [next], say, signal);
  }
  for (const { name } of changes.filter(({ action }) => action === "stop")) {
    await fleet.remove(name);
    say(`${name} is stopped; its data stays`);
  }
  return changes;
}

/** What has to be done to come from what runs to what is desired. Changes nothing. */
export async function pendingChanges(
  fleet: LocalFleet,
  build: FleetBuild,
  desired: readonly DesiredProcess[],
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const one of desired) {
    const action = await actionFor(fleet, build, one);
    if (action !== undefined) changes.push({ name: one.name, action });
  }
  const names = new Set(desired.map(({ name }) => name));
  for (const name of fleet.names()) if (!names.has(name)) changes.push({ name, action: "stop" });
  return changes;
}

async function actionFor(
  fleet: LocalFleet,
  build: FleetBuild,
  desired: DesiredProcess,
): Promise<Change["action"] | undefined> {
  const member = fleet.member(desired.name);
  if (member?.heldBack) return undefined;
  if (!member || member.kept.state === "stopped") return "start";
  if (!sameWords(member.runsArgv, desired.argv)) return "restart";
  if (desired.kind === "gateway") return (await evaluatorChanges(fleet, build)) ? "restart" : undefined;
  if (!desired.server) return undefined;
  const asWritten = (await differingFiles(fleet.paths.root, desired.server.files)).length === 0;
  if (asWritten && member.kept.state !== "ready") return undefined;
  return asWritten && (await provesConfig(desired.url, desired.server)) ? undefined : "reload";
}

/** A gateway starts its evaluator once: another one takes another gateway. */
async function evaluatorChanges(fleet: LocalFleet, build: FleetBuild): Promise<boolean> {
  const before = await readFile(fleet.paths.topology, "utf8").catch(() => undefined);
  if (before === undefined) return false;
  const after = JSON.stringify(evaluatorPart(JSON.parse(fleet.topology(build).content)));
  return JSON.stringify(evaluatorPart(JSON.parse(before))) !== after;
}

function evaluatorPart(topology: unknown): unknown {
  const { evaluator, limits } = topology as { evaluator?: unknown; limits?: Partial<GatewayLimits> };
  return { evaluator, timeoutMs: limits?.timeoutMs, concurrency: limits?.concurrency };
}

async function startAll(
  fleet: LocalFleet,
  all: readonly DesiredProcess[],
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const members = all.map((one) => fleet.want(one));
  for (const { kept } of members) kept.keep();
  const outcomes = await Promise.allSettled(
    members.map(async (member) => await untilReady(member, say, signal)),
  );
  signal.throwIfAborted();
  const failures = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  const complaints = failures.flatMap((one): readonly Complaint[] => {
    if (!(one instanceof PromfleetError)) throw one;
    return one.complaints;
  });
  const [first, ...more] = complaints;
  if (first) throw new PromfleetError([first, ...more]);
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
