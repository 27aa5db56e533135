import { z } from "zod";
import { type LabelSet, labelSet, labelSetKey } from "./label-set.ts";

export const activeTarget = z.looseObject({ scrapePool: z.string() });
export const droppedTarget = z.looseObject({
  discoveredLabels: labelSet,
  // Prometheus 2 does not tell it
  scrapePool: z.string().optional(),
});

export type ActiveTarget = z.infer<typeof activeTarget>;
export type DroppedTarget = z.infer<typeof droppedTarget>;

/** The targets of one shard as /api/v1/targets shows them, active and dropped ones. */
export interface ShardTargets {
  activeTargets: readonly ActiveTarget[];
  droppedTargets: readonly DroppedTarget[];
  /** By scrape pool, those included that keep_dropped_targets leaves out of the list. */
  droppedTargetCounts?: Readonly<Record<string, number>> | null | undefined;
}

/** The scrape pool of a target; the one of a dropped target is known by what every target has for a job at first. */
export function poolOf(target: { scrapePool?: string | undefined; discoveredLabels?: unknown }): string {
  if (target.scrapePool !== undefined) return target.scrapePool;
  return (target.discoveredLabels as LabelSet | undefined)?.["job"] ?? "";
}

/**
 * What the fleet drops: with targets shared out by relabelling every shard lists those of the others as dropped, so it is
 * what every shard drops that knows of the pool.
 */
export function unitedDropped(
  shards: readonly ShardTargets[],
  onEveryShard: ReadonlySet<string>,
): { targets: DroppedTarget[]; counts: Record<string, number> | null | undefined } {
  const pools = new Set(shards.flatMap((shard) => [...targetsOf(shard).map(poolOf), ...countedPools(shard)]));
  const targets: DroppedTarget[] = [];
  const counts: [string, number][] = [];
  for (const pool of pools) {
    const inPool = shards
      .map((shard) => ofPool(shard, pool))
      .filter((one) => one.active + one.dropped.length > 0);
    const common = droppedByAll(inPool.map(({ dropped }) => dropped));
    targets.push(...common);
    counts.push([pool, Math.max(common.length, leastDropped(inPool, onEveryShard.has(pool)))]);
  }
  const isCounted = shards.some(({ droppedTargetCounts }) => droppedTargetCounts);
  return { targets, counts: isCounted ? Object.fromEntries(counts) : shards[0]?.droppedTargetCounts };
}

interface PoolOnShard {
  active: number;
  dropped: readonly DroppedTarget[];
  /** How many are dropped, listed or not. */
  count: number;
}

function ofPool(shard: ShardTargets, pool: string): PoolOnShard {
  const dropped = shard.droppedTargets.filter((target) => poolOf(target) === pool);
  return {
    active: shard.activeTargets.filter(({ scrapePool }) => scrapePool === pool).length,
    dropped,
    count: shard.droppedTargetCounts?.[pool] ?? dropped.length,
  };
}

/** A target that is found twice is there twice. */
function droppedByAll([first = [], ...others]: readonly (readonly DroppedTarget[])[]): DroppedTarget[] {
  const left = others.map((list) => {
    const times = new Map<string, number>();
    for (const target of list) {
      const key = labelSetKey(target.discoveredLabels);
      times.set(key, (times.get(key) ?? 0) + 1);
    }
    return times;
  });
  return first.filter(({ discoveredLabels }) => {
    const key = labelSetKey(discoveredLabels);
    if (!left.every((times) => (times.get(key) ?? 0) > 0)) return false;
    for (const times of left) times.set(key, (times.get(key) ?? 0) - 1);
    return true;
  });
}

/**
 * How many targets of a pool no shard scrapes where the lists are cut and can not tell: of those that a shard drops the others
 * scrape as many as they have active ones. The least that any shard says, as shards do not learn of targets at the same time.
 */
function leastDropped(shards: readonly PoolOnShard[], isOnEveryShard: boolean): number {
  if (shards.every(({ count, dropped }) => count === dropped.length)) return 0;
  const active = shards.reduce((sum, shard) => sum + shard.active, 0);
  return Math.min(...shards.map((shard) => shard.count - (isOnEveryShard ? 0 : active - shard.active)));
}

function targetsOf(shard: ShardTargets): (ActiveTarget | DroppedTarget)[] {
  return [...shard.activeTargets, ...shard.droppedTargets];
}

function countedPools(shard: ShardTargets): string[] {
  return Object.keys(shard.droppedTargetCounts ?? {});
}
