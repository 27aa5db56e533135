import { raw } from "../harness/http.ts";
import type { ChaosReplica } from "./chaos-fleet.ts";
import { times } from "./chaos-fleet.ts";

/** s, both exclusive: between two samples of a target. */
export interface Gap {
  from: number;
  to: number;
}

/** Missed scrapes in a row that are no gap yet. */
const allowed = 2;

/** Where a replica lacks more scrapes of a target than any Prometheus may, by its own samples of `up`. */
export async function scrapeGaps({ url }: ChaosReplica, since: number, now: number): Promise<Gap[]> {
  const gaps: Gap[] = [];
  for (const { values } of await raw(url, `up[${Math.ceil(now - since)}s]`, now)) {
    const at = values.map(([time]) => time);
    for (const [index, time] of [...at, now].entries()) {
      const before = index === 0 ? since : (at[index - 1] ?? since);
      if (time - before > times.scrape * (allowed + 1) + 0.5) gaps.push({ from: before, to: time });
    }
  }
  return gaps;
}
