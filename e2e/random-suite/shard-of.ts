import { evenOwners, slotOf } from "../../src/plan/slots.ts";

export const shardCount = 3;
const owners = evenOwners(shardCount);

/** The shard of a series, by its instance, as the product shards its targets; where it has none, by all of its labels. */
export function shardOf(labels: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(labels).toSorted(([left], [right]) => (left < right ? -1 : 1));
  const shard = owners[slotOf([labels["instance"] ?? JSON.stringify(sorted)])];
  if (shard === undefined) throw new Error("a slot without an owner");
  return shard;
}
