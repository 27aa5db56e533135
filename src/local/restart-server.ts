import { setTimeout as pause } from "node:timers/promises";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { DesiredProcess } from "./desired-processes.ts";
import type { LocalFleet, Member, Say } from "./local-fleet.ts";
import { activeTargets, ScrapeCount, type ScrapedTarget } from "./scrape-progress.ts";
import { untilReady } from "./until-ready.ts";

/** ms */
const poll = 250;
/** How long two scrapes may take: of the longest interval, and some. */
const intervals = 3;
const slack = 30_000;

/**
 * Restarts a server with another command line, when the other replicas of its shard are ready and have scraped; done when it has
 * two good scrapes of every target that they have, so that the next one may go.
 * @throws PromfleetError NOT_STARTED, CHANGE_FAILED; the signal's reason
 */
export async function restartServer(
  fleet: LocalFleet,
  next: DesiredProcess,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const partners = partnersOf(fleet, next);
  for (const partner of partners) await untilComplete(partner, signal);
  const member = fleet.want(next);
  say(`${next.name} is restarted${partners.length > 0 ? `, ${namesOf(partners)} answers meanwhile` : ""}`);
  await member.kept.stop();
  const since = Date.now();
  member.kept.keep();
  await untilReady(member, say, signal);
  await untilScraped(member, partners[0], since, signal);
  say(`${next.name} has two good scrapes of its targets`);
}

function partnersOf(fleet: LocalFleet, { name, server }: DesiredProcess): Member[] {
  return fleet
    .names()
    .map((other) => fleet.member(other))
    .filter((other): other is Member => other?.desired.server?.plan.shard === server?.plan.shard)
    .filter(({ desired, heldBack }) => desired.name !== name && !heldBack);
}

/** Waits until a replica can stand in for the other: ready, every target scraped. */
async function untilComplete(member: Member, signal: AbortSignal): Promise<void> {
  await member.kept.ready(signal);
  const count = new ScrapeCount(0);
  await waitForScrapes(member, signal, async () => {
    const own = await activeTargets(member.desired.url);
    count.add(own);
    return { own, missing: count.missing(own, undefined, false) };
  });
}

async function untilScraped(
  member: Member,
  partner: Member | undefined,
  since: number,
  signal: AbortSignal,
): Promise<void> {
  const count = new ScrapeCount(since);
  await waitForScrapes(member, signal, async () => {
    const own = await activeTargets(member.desired.url);
    const others = partner && (await activeTargets(partner.desired.url).catch(() => undefined));
    count.add(own);
    const alike = partner?.desired.server?.proof === member.desired.server?.proof;
    // alone there is nobody to compare with: what it finds up is what it has to scrape twice
    return { own, missing: count.missing(own, partner ? others : own, alike) };
  });
}

async function waitForScrapes(
  member: Member,
  signal: AbortSignal,
  look: () => Promise<{ own: readonly ScrapedTarget[]; missing: readonly string[] }>,
): Promise<void> {
  const begun = performance.now();
  let missing: readonly string[] = [];
  let longest = 0;
  do {
    signal.throwIfAborted();
    try {
      const found = await look();
      missing = found.missing;
      longest = Math.max(longest, ...found.own.map(({ interval }) => Math.min(interval, 120_000)));
      if (missing.length === 0) return;
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

function namesOf(members: readonly Member[]): string {
  return members.map(({ desired }) => desired.name).join(", ");
}
