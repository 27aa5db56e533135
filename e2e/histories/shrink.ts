import type { HistoryBed, PlacedHistory } from "./bed.ts";
import { askQuery, compareExactly } from "./ask-query.ts";
import type { History } from "./history.ts";
import { type HistoryQuery, queryParams, simplerQueries } from "./query.ts";

/** A query that is answered wrongly, of a history. */
export interface Failure {
  placed: PlacedHistory;
  query: HistoryQuery;
  difference: string;
}

/** Rounds in which a history is made smaller, each with a gateway of its own. */
const mostRounds = 8;
/** Histories that are tried in one round. */
const mostTries = 24;

/** Makes the query, then the history as small as it can be with the gateway still wrong. */
export async function shrink(bed: HistoryBed, gateway: string, failure: Failure): Promise<Failure> {
  let smallest = await shrinkQuery(bed, gateway, failure);
  for (let round = 0; round < mostRounds; round++) {
    const tries: PlacedHistory[] = [];
    for (const history of smallerHistories(smallest.placed.history).slice(0, mostTries)) {
      const placed = await bed.write(history).catch(() => undefined);
      if (placed === undefined) return smallest;
      tries.push(placed);
    }
    // one that knows the new ones from the beginning
    const fresh = await bed.gateway(0);
    try {
      const found = await firstWrong(
        bed,
        fresh.url,
        tries.map((placed) => ({ placed, query: smallest.query })),
      );
      if (!found) return smallest;
      smallest = await shrinkQuery(bed, fresh.url, found);
    } finally {
      await fresh.process.kill();
    }
  }
  return smallest;
}

async function shrinkQuery(bed: HistoryBed, gateway: string, failure: Failure): Promise<Failure> {
  let smallest = failure;
  for (;;) {
    const tries = simplerQueries(smallest.query).map((query) => ({ placed: smallest.placed, query }));
    const found = await firstWrong(bed, gateway, tries);
    if (!found) return smallest;
    smallest = found;
  }
}

async function firstWrong(
  bed: HistoryBed,
  gateway: string,
  tries: readonly Omit<Failure, "difference">[],
): Promise<Failure | undefined> {
  for (const { placed, query } of tries) {
    const params = queryParams(query, placed.base);
    const [want, got] = await Promise.all([askQuery(bed.reference, params), askQuery(gateway, params)]);
    const { difference } = compareExactly(want, got);
    if (difference !== undefined) return { placed, query, difference };
  }
  return undefined;
}

/** The smallest first. */
function smallerHistories({ targets, anomalies }: History): History[] {
  const instances = [...new Set(targets.map(({ instance }) => instance))];
  const half = Math.ceil(anomalies.length / 2);
  const smaller: History[] = [];
  if (anomalies.length > 2)
    smaller.push(
      { targets, anomalies: anomalies.slice(0, half) },
      { targets, anomalies: anomalies.slice(half) },
    );
  if (anomalies.length > 0)
    smaller.push(
      ...anomalies.map((anomaly) => ({ targets, anomalies: anomalies.filter((one) => one !== anomaly) })),
    );
  if (instances.length > 1)
    smaller.push(
      ...instances.map((instance) => ({
        targets: targets.filter((one) => one.instance !== instance),
        anomalies: anomalies
          .map((one) => ({ ...one, targets: one.targets.filter((name) => name !== instance) }))
          .filter((one) => one.targets.length > 0),
      })),
    );
  return smaller;
}
