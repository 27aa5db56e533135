import { createHash } from "node:crypto";
import { slotCount, type SlotOwners } from "./fleet-plan.ts";

/**
 * What Prometheus' `hashmod` relabel action gives for a source string (source label values joined by the separator, ";"):
 * the last eight bytes of its md5, big-endian, modulo the modulus.
 */
export function hashmod(source: string, modulus: number): number {
  const digest = createHash("md5").update(source, "utf8").digest();
  return Number(digest.readBigUInt64BE(8) % BigInt(modulus));
}

/** The slot of a target whose shard key has these label values. */
export function slotOf(values: readonly string[]): number {
  return hashmod(values.join(";"), slotCount);
}

/** Owners to begin with: every shard gets one range of slots, the ranges differ by one slot at most. */
export function evenOwners(shards: number): SlotOwners {
  return Array.from({ length: slotCount }, (_, slot) => String(Math.floor((slot * shards) / slotCount)));
}

/** The slots of one shard as inclusive ranges, ascending. */
export function slotRanges(owners: SlotOwners, shard: string): [number, number][] {
  const ranges: [number, number][] = [];
  for (const [slot, owner] of owners.entries()) {
    if (owner !== shard) continue;
    const last = ranges.at(-1);
    if (last && last[1] === slot - 1) last[1] = slot;
    else ranges.push([slot, slot]);
  }
  return ranges;
}
