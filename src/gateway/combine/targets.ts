import { z } from "zod";
import { type Combiner, type Params, firstParam, withoutParams } from "./combiner.ts";
import {
  type ActiveTarget,
  type DroppedTarget,
  type ShardTargets,
  activeTarget,
  droppedTarget,
  poolOf,
  unitedDropped,
} from "./dropped-targets.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";
import { compareUtf8 } from "./utf8-order.ts";

const targets = z.object({
  activeTargets: z.array(activeTarget),
  droppedTargets: z.array(droppedTarget),
  droppedTargetCounts: z.record(z.string(), z.number()).nullish(),
});

/**
 * The targets of all shards. What every shard scrapes is there once, from the first shard that has it; what a shard drops
 * only because another one owns it is not there as dropped.
 */
export const targetsCombiner: Combiner<Part<ShardTargets>> = {
  method: "GET",
  // whether a target is dropped by the fleet can only be told by who else scrapes it
  ask: (params) => (wantsDropped(params) ? withoutParams(params, "state", "scrapePool") : params),
  parse: partOf(targets),
  merge(parts, params, onEveryShard) {
    const shards = parts.map(({ data }) => data);
    const pool = firstParam(params, "scrapePool");
    const isWanted = (target: ActiveTarget | DroppedTarget) => pool === "" || poolOf(target) === pool;
    const active =
      firstParam(params, "state").toLowerCase() === "dropped" ? [] : shownOnce(shards, onEveryShard);
    const dropped = wantsDropped(params)
      ? unitedDropped(shards, onEveryShard)
      : { targets: [], counts: shards[0]?.droppedTargetCounts };
    const data = {
      activeTargets: sortedByPool(active.filter(isWanted)),
      droppedTargets: sortedByPool(dropped.targets.filter(isWanted)),
      droppedTargetCounts: dropped.counts,
    };
    return successAnswer(data, unitedAnnotations(parts));
  },
};

function wantsDropped(params: Params): boolean {
  return ["", "any", "dropped"].includes(firstParam(params, "state").toLowerCase());
}

/** A job that every shard scrapes is shown by the first shard that has any of its targets. */
function shownOnce(shards: readonly ShardTargets[], onEveryShard: ReadonlySet<string>): ActiveTarget[] {
  const shown = new Set<string>();
  return shards.flatMap(({ activeTargets }) => {
    const others = activeTargets.filter(({ scrapePool }) => !shown.has(scrapePool));
    for (const { scrapePool } of others) if (onEveryShard.has(scrapePool)) shown.add(scrapePool);
    return others;
  });
}

/** Prometheus' order; within a pool it has none. */
function sortedByPool<T extends ActiveTarget | DroppedTarget>(all: readonly T[]): T[] {
  return all.toSorted((left, right) => compareUtf8(poolOf(left), poolOf(right)));
}
