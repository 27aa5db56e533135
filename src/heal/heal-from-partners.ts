import type { HealProgress } from "./heal-progress.ts";
import { type HealOutcome, healServer } from "./heal-server.ts";
import type { HealedServer, HealingTerms } from "./healed-server.ts";

/** What healing one server came to. */
export interface HealedSummary {
  server: string;
  partners: readonly string[];
  holes: number;
  series: number;
  samples: number;
  refusedHistograms: number;
  seconds: number;
}

type RecentOutages = ReadonlyMap<string, HealOutcome["recentOutages"]>;

/** What is known of a server that was healed. */
export interface HealedFar extends HealedSummary {
  /** ms since 1970: before this, it has all that its partners have. */
  settled: number;
  recentOutages: RecentOutages;
}

export interface HealFromPartners {
  server: HealedServer;
  partners: readonly HealedServer[];
  terms: HealingTerms;
  /** ms since 1970: what is older was looked at before. */
  since: number | undefined;
  /** Outages after which rules may not have been evaluated yet when they were looked at, by partner. */
  again?: RecentOutages | undefined;
  onProgress: (progress: HealProgress) => void;
  signal: AbortSignal;
}

/**
 * Copies what a server lacks from its partners, one after the other.
 * @throws PromfleetError HEAL_FAILED; the signal's reason
 */
export async function healFromPartners(options: HealFromPartners): Promise<HealedFar> {
  const { server, partners } = options;
  const begun = performance.now();
  const summary = { server: server.name, partners: partners.map(({ name }) => name) };
  const counts = { holes: 0, series: 0, samples: 0, refusedHistograms: 0 };
  const recentOutages = new Map<string, HealOutcome["recentOutages"]>();
  let settled = Number.POSITIVE_INFINITY;
  for (const partner of partners) {
    const again = options.again?.get(partner.name);
    const outcome = await healServer({ ...options, partner, again, now: Date.now() });
    recentOutages.set(partner.name, outcome.recentOutages);
    counts.holes += outcome.holes;
    counts.series += outcome.series;
    counts.samples += outcome.samples;
    counts.refusedHistograms += outcome.refusedHistograms;
    settled = Math.min(settled, outcome.settled);
  }
  return { ...summary, ...counts, seconds: (performance.now() - begun) / 1000, settled, recentOutages };
}
