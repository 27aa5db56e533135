import { type TargetScrapes, allRuns, type TimeRange } from "./replica-scrapes.ts";

/** What is known of one replica. */
export interface ShardTargets {
  shard: string;
  targets: ReadonlyMap<string, TargetScrapes>;
}

/** When the shards had a target that several have had, the first sample to the last. */
type Tenures = ReadonlyMap<string, TimeRange>;

/** Targets that several shards have scraped, but for those of some jobs. */
export function targetsOfSeveral(replicas: readonly ShardTargets[], except: ReadonlySet<string>): Tenures[] {
  const owner = new Map<string, string>();
  const several = new Set<string>();
  for (const { shard, targets } of replicas) {
    for (const [key, { job }] of targets) {
      const before = owner.get(key);
      if (before === undefined) owner.set(key, shard);
      else if (before !== shard && !except.has(job)) several.add(key);
    }
  }
  return [...several].map((key) => {
    const tenures = new Map<string, TimeRange>();
    for (const { shard, targets } of replicas) {
      const target = targets.get(key);
      const runs = target ? allRuns(target) : [];
      const [first, last] = [runs.at(0), runs.at(-1)];
      if (!first || !last) continue;
      const before = tenures.get(shard);
      tenures.set(shard, {
        from: Math.min(first.from, before?.from ?? first.from),
        to: Math.max(last.to, before?.to ?? last.to),
      });
    }
    return tenures;
  });
}

/** Whether in some time more than one shard has samples of such a target. */
export function haveMovedWithin(targets: readonly Tenures[], { from, to }: TimeRange): boolean {
  return targets.some((tenures) => {
    const within = [...tenures.values()].filter((tenure) => tenure.to >= from && tenure.from <= to);
    return within.length > 1;
  });
}
