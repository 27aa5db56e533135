import { findHoles, type Outage } from "./find-holes.ts";
import type { HealedServer, HealingTerms, TimeRange } from "./healed-server.ts";
import type { HealProgress } from "./heal-progress.ts";
import { HoleFiller } from "./hole-filler.ts";
import { ServerSamples } from "./server-samples.ts";

export interface HealOutcome extends HealProgress {
  /** ms since 1970: before this, the server has all that the partner has. */
  settled: number;
  /** After which rules may still be evaluated for the first time: to be looked at again. */
  recentOutages: readonly Outage[];
}

export interface HealServerOptions {
  server: HealedServer;
  partner: HealedServer;
  terms: HealingTerms;
  /** ms since 1970. */
  now: number;
  /** ms: what is older was looked at before. */
  since?: number | undefined;
  /** recentOutages of the time before. */
  again?: readonly Outage[] | undefined;
  /** Of the time that the servers may be kept busy, above 0, at most 1. */
  share?: number;
  onProgress?: (progress: HealProgress) => void;
  signal: AbortSignal;
}

const usualShare = 0.5;
/** What is nearly too old for the window would be when it is written. ms */
const windowMargin = 60_000;
const recent = 180_000;

/**
 * Copies what a server lacks of its partner's samples, as far back as the server takes them. Can be ended at any moment and done
 * again: what is missing is seen from the data alone, and `up`, by which it is seen, is written last.
 * @throws PromfleetError HEAL_FAILED when one of the two does not do as asked; the signal's reason
 */
export async function healServer(options: HealServerOptions): Promise<HealOutcome> {
  const { server, partner, terms, now, signal } = options;
  const samples = new ServerSamples(terms.externalLabels, options.share ?? usualShare, signal);
  try {
    const oldest = now - Math.max(terms.windowMs - windowMargin, terms.windowMs / 2);
    const range: TimeRange = { from: Math.max(oldest, options.since ?? 0), to: now };
    const found = await findHoles(samples, server, partner, range);
    const progress: HealProgress = {
      server: server.name,
      partner: partner.name,
      holes: found.targets.length,
      done: 0,
      series: 0,
      samples: 0,
      refusedHistograms: 0,
    };
    const tell = () => options.onProgress?.({ ...progress });
    const filler = new HoleFiller(samples, server, partner, terms.lateHistograms, progress, tell);
    if (found.targets.length > 0) tell();
    // series without a target first: that nobody was scraped, by which they are found, is not to be seen any more afterwards
    for (const outage of [...(options.again ?? []), ...found.outages])
      await filler.fillOutage(outage, found.instances, found.now);
    for (const hole of found.targets.toSorted((left, right) => left.from - right.from)) {
      await filler.fillTarget(hole);
      progress.done++;
      tell();
    }
    const recentOutages = found.outages.filter(({ to }) => to > now - recent);
    return { ...progress, settled: found.settled, recentOutages };
  } finally {
    samples.close();
  }
}
