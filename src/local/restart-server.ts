import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { DesiredProcess } from "./desired-processes.ts";
import type { LocalFleet, Member, Say } from "./local-fleet.ts";
import { shownConfig } from "../servers/prometheus-probe.ts";
import { activeTargets, ScrapeCount } from "../servers/scrape-progress.ts";
import { untilReady } from "./until-ready.ts";

/** ms */
const poll = 250;
const requestTimeout = 5000;
/** How long two scrapes may take: of the longest interval, and some. */
const intervals = 3;
const slack = 30_000;
const longestInterval = 120_000;
/** Prometheus looks for targets every 5 s: a server that has none after this has none. */
const discovery = 12_000;

/**
 * Restarts a server with another command line, when the other replicas of its shard are ready and have scraped; done when it has
 * two good scrapes of every target that they have, and what it missed meanwhile, so that the next one may go.
 * @param heal gives it what it missed
 * @throws PromfleetError NOT_STARTED, CHANGE_FAILED; the signal's reason
 */
export async function restartServer(
  fleet: LocalFleet,
  next: DesiredProcess,
  say: Say,
  signal: AbortSignal,
  heal: (member: Member) => Promise<void>,
): Promise<void> {
  const partners = partnersOf(fleet, next);
  for (const partner of partners) await untilComplete(partner, fleet.member(next.name), signal);
  const member = fleet.want(next);
  say(`${next.name} is restarted${partners.length > 0 ? `, ${namesOf(partners)} answers meanwhile` : ""}`);
  await member.kept.stop();
  const since = Date.now();
  member.kept.keep();
  await untilReady(member, say, signal);
  await waitForScrapes(member, partners[0], new ScrapeCount(since, 2), signal);
  say(`${next.name} has two good scrapes of its targets`);
  await heal(member);
}

/** The other replicas of its shard that were not told to stay stopped. */
export function partnersOf(fleet: LocalFleet, { name, server }: DesiredProcess): Member[] {
  return fleet
    .names()
    .map((other) => fleet.member(other))
    .filter((other): other is Member => other?.desired.server?.plan.shard === server?.plan.shard)
    .filter(({ desired, heldBack }) => desired.name !== name && !heldBack);
}

/** Waits until a replica can stand in for the other: ready, and every target of the other scraped well. */
async function untilComplete(partner: Member, other: Member | undefined, signal: AbortSignal): Promise<void> {
  await partner.kept.ready(signal);
  await waitForScrapes(partner, other, new ScrapeCount(0, 1), signal);
}

/** @throws PromfleetError CHANGE_FAILED when a target that the other one scrapes is not scraped in time; the signal's reason */
export async function waitForScrapes(
  member: Member,
  other: Member | undefined,
  count: ScrapeCount,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  let missing: readonly string[] = [];
  let longest = 0;
  do {
    signal.throwIfAborted();
    try {
      const own = await activeTargets(member.desired.url);
      const others = other && (await activeTargets(other.desired.url).catch(() => undefined));
      const alike = other !== undefined && (await runAlike(member, other));
      count.add(own);
      // alone there is nobody to compare with: what it finds up is what it has to scrape
      missing = count.missing(own, other ? others : own, alike);
      longest = Math.max(longest, ...own.map(({ interval }) => Math.min(interval, longestInterval)));
      const looked = own.length > 0 || !hasJobs(member) || performance.now() - begun > discovery;
      if (looked && missing.length === 0) return;
    } catch {
      // it does not answer at this moment
    }
    await pause(poll, undefined, { signal });
  } while (performance.now() - begun < intervals * longest + slack);
  throw new PromfleetError({
    code: "CHANGE_FAILED",
    message: `${member.desired.name} has not scraped ${missing.length} of its targets in time, ${missing[0] ?? "none found"} among them`,
  });
}

/** Whether both show the same generation: what they are to run says nothing of what they do, in the middle of a change. */
async function runAlike(...members: readonly Member[]): Promise<boolean> {
  const shown = await Promise.all(
    members.map(async ({ desired }) => {
      const config = await shownConfig(desired.url, requestTimeout).catch(() => "");
      return /\bgeneration-[0-9a-f]+/.exec(config)?.[0];
    }),
  );
  return shown[0] !== undefined && shown.every((generation) => generation === shown[0]);
}

function hasJobs({ desired }: Member): boolean {
  return desired.server?.files.some(({ content }) => content.includes("job_name:")) ?? false;
}

function namesOf(members: readonly Member[]): string {
  return members.map(({ desired }) => desired.name).join(", ");
}
