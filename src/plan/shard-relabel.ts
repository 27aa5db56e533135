import type { ScrapeConfig } from "../spec/fleet-spec.ts";
import { slotCount } from "./fleet-plan.ts";
import { slotRegex } from "./slot-regex.ts";
import { slotOf } from "./slots.ts";

/** One step of Prometheus' relabel_configs. */
export type RelabelStep = Readonly<Record<string, unknown>>;

/** Labels with this beginning are dropped by Prometheus after relabelling. */
const keyLabel = "__tmp_promfleet_key";
const slotLabel = "__tmp_promfleet_slot";

/** `(?s)` because Prometheus 2 does not let a dot match a line break, and both majors must hash alike. */
const anything = "(?s)(.*)";
const something = "(?s)(.+)";

type Sharding = Pick<ScrapeConfig, "onEveryShard" | "shardKey">;

/**
 * The relabel steps that make a shard keep its own targets of a job, to be put after the user's. A target's key is `instance`
 * where the user's relabelling (or a target's own labels) set it, else `__address__`: what becomes the instance label of its
 * series. A job with a shardKey is hashed by those labels.
 * @param slots of the shard, as inclusive ranges
 */
export function shardRelabelling(
  job: Sharding,
  slots: readonly (readonly [number, number])[],
): readonly RelabelStep[] {
  const ownsAll = slots.length === 1 && slots[0]?.[0] === 0 && slots[0][1] === slotCount - 1;
  if (job.onEveryShard || ownsAll) return [];
  const key: RelabelStep[] = job.shardKey
    ? []
    : [
        { source_labels: ["__address__"], regex: anything, target_label: keyLabel },
        { source_labels: ["instance"], regex: something, target_label: keyLabel },
      ];
  return [
    ...key,
    {
      source_labels: job.shardKey ?? [keyLabel],
      modulus: slotCount,
      target_label: slotLabel,
      action: "hashmod",
    },
    { source_labels: [slotLabel], regex: slotRegex(slots), action: "keep" },
  ];
}

/**
 * The slot of a target, as the steps above come to it.
 * @param labels of the target once the user's relabel_configs are through, before Prometheus fills in `instance` and ports
 */
export function slotOfTarget(job: Sharding, labels: Readonly<Record<string, string>>): number {
  if (job.shardKey) return slotOf(job.shardKey.map((label) => labels[label] ?? ""));
  // an empty label is no label
  return slotOf([labels["instance"] || labels["__address__"] || ""]);
}
