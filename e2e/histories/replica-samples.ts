import type { History, ReplicaName } from "./history.ts";
import { shardOf } from "./history.ts";
import { type TargetSamples, failing, targetSamples, without } from "./target-samples.ts";

/** All samples of a history that begins at a time, s since 1970: what a scraper that misses nothing has. */
export function allSamples(history: History, base: number): TargetSamples[] {
  return history.targets.map((target) => targetSamples(target, base));
}

/** What one replica of a shard has of them. */
export function replicaSamples(
  all: readonly TargetSamples[],
  { anomalies }: History,
  base: number,
  shard: string,
  replica: ReplicaName,
): TargetSamples[] {
  return all
    .filter(({ target }) => shardOf(target.instance) === shard)
    .map((samples) => {
      const own = anomalies
        .filter((one) => one.shard === shard && one.replica === replica)
        .filter(({ targets }) => targets.includes(samples.target.instance));
      const lacking = own
        .filter(({ kind }) => kind !== "failed")
        .reduce((left, { from, to }) => without(left, base + from, base + to), samples);
      return own
        .filter(({ kind }) => kind === "failed")
        .reduce((left, { from, to }) => failing(left, base + from, base + to), lacking);
    });
}
