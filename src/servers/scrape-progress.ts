import { parseDuration } from "../promql/duration.ts";
import { apiData, isObject } from "./prometheus-probe.ts";

/** A target as a server has it. */
export interface ScrapedTarget {
  /** The same on every server that has the target. */
  key: string;
  health: "up" | "down" | "unknown";
  /** ms since 1970; 0 before the first scrape. */
  lastScrape: number;
  /** ms */
  interval: number;
}

/** ms that an answer may take. */
const timeout = 5000;

/** What a server scrapes now. @throws when it does not answer */
export async function activeTargets(url: string, authorization?: string): Promise<ScrapedTarget[]> {
  const data = await apiData(url, "/api/v1/targets?state=active", timeout, authorization);
  const list = isObject(data) && Array.isArray(data["activeTargets"]) ? data["activeTargets"] : [];
  return list.filter(isObject).map((target) => {
    const health = target["health"];
    return {
      key: JSON.stringify([target["scrapePool"], target["scrapeUrl"], target["labels"]]),
      health: health === "up" || health === "down" ? health : "unknown",
      // Go's zero time for one that was never scraped
      lastScrape: Math.max(0, Date.parse(String(target["lastScrape"])) || 0),
      interval: durationOf(target["scrapeInterval"]),
    };
  });
}

/** A target that is scraped less often is not waited for. */
const longestWait = 120_000;

/** Counts the scrapes of a server's targets from a moment on. */
export class ScrapeCount {
  readonly #since: number;
  readonly #wanted: number;
  readonly #seen = new Map<string, { good: Set<number>; any: boolean }>();

  /**
   * @param since ms since 1970
   * @param wanted good scrapes of a target that is well
   */
  constructor(since: number, wanted: number) {
    this.#since = since;
    this.#wanted = wanted;
  }

  add(targets: readonly ScrapedTarget[]): void {
    for (const { key, health, lastScrape } of targets) {
      const seen = this.#seen.get(key) ?? { good: new Set(), any: false };
      this.#seen.set(key, seen);
      if (lastScrape <= this.#since) continue;
      seen.any ||= health !== "unknown";
      if (health === "up") seen.good.add(lastScrape);
    }
  }

  /**
   * The targets that are not yet as they should be: as many good scrapes as wanted where a partner finds the target up, one scrape
   * of whatever outcome elsewhere.
   * @param own of the server
   * @param partner of another replica; undefined where there is none
   * @param alike whether the partner runs the same configuration, so that all its targets must come
   */
  missing(
    own: readonly ScrapedTarget[],
    partner: readonly ScrapedTarget[] | undefined,
    alike: boolean,
  ): string[] {
    const wellElsewhere = new Set(
      partner?.filter(({ health }) => health === "up").map(({ key }) => key) ?? [],
    );
    const found = new Set(own.map(({ key }) => key));
    const absent = alike ? [...wellElsewhere].filter((key) => !found.has(key)) : [];
    const late = own.filter(({ key, interval }) => {
      if (interval > longestWait) return false;
      const seen = this.#seen.get(key);
      return wellElsewhere.has(key) ? (seen?.good.size ?? 0) < this.#wanted : seen?.any !== true;
    });
    return [...absent, ...late.map(({ key }) => key)];
  }
}

/** ms of what an API says is a duration; 0 where it is none. */
function durationOf(text: unknown): number {
  return (typeof text === "string" ? parseDuration(text) : undefined) ?? 0;
}
