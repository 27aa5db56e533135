import { setTimeout as pause } from "node:timers/promises";
import { healFromPartners, type HealedFar } from "../heal/heal-from-partners.ts";
import type { HealedServer, HealingTerms } from "../heal/healed-server.ts";
import { activeTargets, ScrapeCount } from "../servers/scrape-progress.ts";

/** ms between two looks for what a server lacks that was there all the time; after one that failed; how far back it goes. */
const lookEvery = 60_000;
const retryAfter = 5000;
const lookBack = 600_000;
/** ms between two looks whether its targets are scraped, and how long that may take beyond three intervals. */
const poll = 500;
const slack = 30_000;

export interface HealCandidate extends HealedServer {
  shard: string;
  /** Another one has come back. */
  life: string;
  /** ms since 1970. */
  since: number;
}

interface Healed {
  life: string;
  settled: number | undefined;
  recentOutages: HealedFar["recentOutages"] | undefined;
  /** performance.now() */
  nextLook: number;
  whole: boolean;
}

/** Gives the servers of one fleet what they missed, one at a time: after each return, and once a minute what was left. */
export class OperatorHealer {
  readonly #onChange: () => void;
  readonly #say: (sentence: string) => void;
  readonly #known = new Map<string, Healed>();
  readonly #over: AbortSignal;
  #busy = false;

  constructor(onChange: () => void, say: (sentence: string) => void, over: AbortSignal) {
    this.#onChange = onChange;
    this.#say = say;
    this.#over = over;
  }

  /** Whether a server has all that its partners have, since it came back. */
  isWhole(name: string, life: string): boolean {
    const known = this.#known.get(name);
    return known?.life === life && known.whole;
  }

  /**
   * Looks after those that are ready.
   * @param terms undefined: nobody can be given anything, so all are as whole as they get
   */
  look(ready: readonly HealCandidate[], replicas: number, terms: HealingTerms | undefined): void {
    for (const server of ready) {
      if (terms && replicas > 1) continue;
      if (this.#known.get(server.name)?.life === server.life) continue;
      this.#known.set(server.name, {
        life: server.life,
        settled: undefined,
        recentOutages: undefined,
        nextLook: Number.POSITIVE_INFINITY,
        whole: true,
      });
    }
    if (!terms || this.#busy || replicas === 1) return;
    const now = performance.now();
    const due = ready.find((server) => {
      const known = this.#known.get(server.name);
      const hasPartner = ready.some((other) => other.shard === server.shard && other.name !== server.name);
      return hasPartner && (known?.life !== server.life || known.nextLook <= now);
    });
    if (!due) return;
    this.#busy = true;
    const partners = ready.filter(({ shard, name }) => shard === due.shard && name !== due.name);
    void this.#heal(due, partners, terms).finally(() => {
      this.#busy = false;
      if (!this.#over.aborted) this.#onChange();
    });
  }

  async #heal(server: HealCandidate, partners: readonly HealedServer[], terms: HealingTerms): Promise<void> {
    const { name, life } = server;
    const known = this.#known.get(name);
    const before = known?.life === life ? known : undefined;
    try {
      if (!before?.whole) await this.#untilScraped(server, partners);
      const healed = await healFromPartners({
        server,
        partners,
        terms,
        again: before?.recentOutages,
        since: before?.settled === undefined ? undefined : before.settled - lookBack,
        onProgress: () => {},
        signal: this.#over,
      });
      if (healed.samples > 0)
        this.#say(
          `${name} has what it missed: ${healed.samples} samples of ${healed.series} series, copied from ${healed.partners.join(", ")} in ${healed.seconds.toFixed(1)} s`,
        );
      const { settled, recentOutages } = healed;
      this.#known.set(name, {
        life,
        settled,
        recentOutages,
        nextLook: performance.now() + lookEvery,
        whole: true,
      });
    } catch (error) {
      if (this.#over.aborted) return;
      const why = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      this.#say(`${name} could not be given what it missed, which is tried again: ${why}`);
      this.#known.set(name, {
        life,
        settled: before?.settled,
        recentOutages: before?.recentOutages,
        nextLook: performance.now() + retryAfter,
        whole: before?.whole ?? false,
      });
    }
  }

  /** Two good scrapes of every target that a partner finds up, as far as that can be waited for. @throws the signal's reason */
  async #untilScraped(server: HealCandidate, partners: readonly HealedServer[]): Promise<void> {
    const count = new ScrapeCount(server.since, 2);
    const began = performance.now();
    let longest = 0;
    do {
      try {
        const own = await activeTargets(server.url, server.authorization);
        const others =
          partners[0] &&
          (await activeTargets(partners[0].url, partners[0].authorization).catch(() => undefined));
        count.add(own);
        longest = Math.max(longest, ...own.map(({ interval }) => Math.min(interval, 120_000)));
        if (own.length > 0 && count.missing(own, others ?? own, false).length === 0) return;
      } catch {
        // it does not answer at this moment
      }
      await pause(poll, undefined, { signal: this.#over });
    } while (performance.now() - began < 3 * longest + slack);
  }
}
