import type { HistoryBed, PlacedHistory } from "./bed.ts";
import { askQuery, compareWith } from "./ask-query.ts";
import type { History } from "./history.ts";
import { type HistoryQuery, queryParams } from "./query.ts";
import { smallestQuery } from "./smallest-query.ts";

/** A query that is answered wrongly, of a history. */
export interface Failure {
  placed: PlacedHistory;
  query: HistoryQuery;
  difference: string;
}

/** Rounds in which a history is made smaller, each with a gateway of its own. */
const mostRounds = 10;
/** Histories that are tried in one round. */
const mostTries = 32;

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
  const { placed } = failure;
  const smallest = await smallestQuery(
    failure,
    async (query) => (await firstWrong(bed, gateway, [{ placed, query }]))?.difference,
  );
  return { placed, ...smallest };
}

async function firstWrong(
  bed: HistoryBed,
  gateway: string,
  tries: readonly Omit<Failure, "difference">[],
): Promise<Failure | undefined> {
  for (const { placed, query } of tries) {
    const params = queryParams(query, placed.base);
    const { difference } = await compareWith(await askQuery(bed.reference, params), gateway, params);
    if (difference !== undefined) return { placed, query, difference };
  }
  return undefined;
}

/** Histories with only some of the targets, or of what was missed; the smallest first. */
function smallerHistories({ targets, anomalies }: History): History[] {
  const instances = [...new Set(targets.map(({ instance }) => instance))];
  const ofTargets = parts(instances).map((some) => ({
    targets: targets.filter(({ instance }) => some.includes(instance)),
    anomalies: anomalies
      .map((one) => ({ ...one, targets: one.targets.filter((name) => some.includes(name)) }))
      .filter((one) => one.targets.length > 0),
  }));
  const ofAnomalies = parts(anomalies).map((some) => ({ targets, anomalies: some }));
  return [...ofTargets, ...ofAnomalies].toSorted((left, right) => size(left) - size(right));
}

const size = ({ targets, anomalies }: History): number => targets.length + anomalies.length;

/** A half, a quarter, all but a quarter, all but one. */
function parts<T>(all: readonly T[]): T[][] {
  if (all.length < 2) return [];
  const quarter = Math.ceil(all.length / 4);
  const starts = Array.from({ length: Math.ceil(all.length / quarter) }, (_, index) => index * quarter);
  const chosen = [
    ...starts.map((from) => all.filter((_, item) => within(item, from, quarter))),
    ...starts.slice(0, -1).map((from) => all.filter((_, item) => within(item, from, 2 * quarter))),
    ...starts.map((from) => all.filter((_, item) => !within(item, from, quarter))),
    ...(all.length <= 8 ? all.map((_, left) => all.filter((_, item) => item !== left)) : []),
  ];
  const texts = new Map(chosen.map((some) => [JSON.stringify(some), some]));
  return [...texts.values()].filter((some) => some.length > 0 && some.length < all.length);
}

const within = (item: number, from: number, length: number): boolean => item >= from && item < from + length;
