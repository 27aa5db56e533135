import { type Complaint, PromfleetError } from "../errors/promfleet-error.ts";
import type { DesiredProcess } from "./desired-processes.ts";
import type { FleetBuild } from "./fleet-build.ts";
import type { LocalFleet, Member, Say } from "./local-fleet.ts";
import { type Change, pendingChanges } from "./pending-changes.ts";
import { reloadServer } from "./reload-server.ts";
import { restartServer } from "./restart-server.ts";
import { untilReady } from "./until-ready.ts";

/** Gives a server what it missed while it was restarted. */
export type Heal = (member: Member, build: FleetBuild, signal: AbortSignal) => Promise<void>;

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
  heal: Heal,
): Promise<readonly Change[]> {
  const fresh = fleet.published === undefined || fleet.names().length === 0;
  await fleet.choosePorts(build);
  const desired = fleet.desired(build);
  const changes = await pendingChanges(fleet.view(), desired, fleet.topology(build), fleet.paths);
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
  for (const next of having("restart", "server"))
    await restartServer(fleet, next, say, signal, async (member) => await heal(member, build, signal));
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
