import { type TargetScrapes, allRuns, type TimeRange } from "./replica-scrapes.ts";

/** What is known of one replica. */
export interface ShardTargets {
  shard: string;
  targets: ReadonlyMap<string, TargetScrapes>;
}

/** When the shards had a target that several have had, the first sample to the last. */
export type Tenures = ReadonlyMap<string, TimeRange>;

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
    for (const { shard, targets } of replicas) addTenure(tenures, shard, targets.get(key));
    return tenures;
  });
}

/** By instance, which shards have had targets of it, but for those of some jobs. */
export function instanceTenures(
  replicas: readonly ShardTargets[],
  except: ReadonlySet<string>,
): Map<string, Tenures> {
  const found = new Map<string, Map<string, TimeRange>>();
  for (const { shard, targets } of replicas) {
    for (const target of targets.values()) {
      if (except.has(target.job)) continue;
      let tenures = found.get(target.instance);
      if (!tenures) found.set(target.instance, (tenures = new Map()));
      addTenure(tenures, shard, target);
    }
  }
  return found;
}

function addTenure(tenures: Map<string, TimeRange>, shard: string, target: TargetScrapes | undefined): void {
  const runs = target ? allRuns(target) : [];
  const [first, last] = [runs.at(0), runs.at(-1)];
  if (!first || !last) return;
  const before = tenures.get(shard);
  tenures.set(shard, {
    from: Math.min(first.from, before?.from ?? first.from),
    to: Math.max(last.to, before?.to ?? last.to),
  });
}

const touches = (tenure: TimeRange, { from, to }: TimeRange): boolean =>
  tenure.to >= from && tenure.from <= to;

/** Whether in some time more than one shard has samples of such a target. */
export function haveMovedWithin(targets: readonly Tenures[], range: TimeRange): boolean {
  return targets.some(
    (tenures) => [...tenures.values()].filter((tenure) => touches(tenure, range)).length > 1,
  );
}

/** Whether in some time no other shard has samples. */
export function isOnlyWithin(tenures: Tenures, shard: string, range: TimeRange): boolean {
  return [...tenures].every(([other, tenure]) => other === shard || !touches(tenure, range));
}
