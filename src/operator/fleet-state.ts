import { z } from "zod";
import { slotCount, type SlotOwners } from "../plan/fleet-plan.ts";
import { evenOwners } from "../plan/slots.ts";

/**
 * What of a fleet is no computation: who owns the slots, and what it was told last that was good. Kept in a Secret, as a declaration may
 * hold passwords.
 */
export interface FleetState {
  owners: SlotOwners;
  /** Shards that own no slots any more and keep their history; since when, ms since 1970. */
  retired: Readonly<Record<string, number>>;
  /** ms since 1970: when slots changed hands last. */
  moved?: number | undefined;
  /** Whether the replicas of a shard have to be in different zones: decided once, as it is in the templates of all. */
  zoned: boolean;
  /** The declaration that all servers run, as JSON; undefined before the first. */
  accepted?: string | undefined;
}

export const stateKey = "state.json";

export function stateName(fleet: string): string {
  return `${fleet}-state`;
}

const schema: z.ZodType<Omit<FleetState, "owners"> & { owners: [string, number][] }> = z.object({
  // owners in a row: who, and of how many slots
  owners: z.array(z.tuple([z.string(), z.number().int().positive()])),
  retired: z.record(z.string(), z.number()),
  moved: z.number().optional(),
  zoned: z.boolean(),
  accepted: z.string().optional(),
});

/** @returns undefined where it is not what it should be */
export function parseState(text: string): FleetState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) return undefined;
  const owners = parsed.data.owners.flatMap(([owner, slots]) => Array.from({ length: slots }, () => owner));
  return owners.length === slotCount ? { ...parsed.data, owners } : undefined;
}

export function printState(state: FleetState): string {
  const owners: [string, number][] = [];
  for (const owner of state.owners) {
    const last = owners.at(-1);
    if (last?.[0] === owner) last[1]++;
    else owners.push([owner, 1]);
  }
  return JSON.stringify({ ...state, owners });
}

export interface ShardsNow {
  shards: number;
  /** ms since 1970 */
  now: number;
  /** ms */
  retention: number;
  /** Whether a shard may have samples: one that never ran has none. */
  hasServed: (shard: string) => boolean;
}

/** The state of a fleet with that many shards. Those that are no more keep their history for as long as samples are kept. */
export function withShards(state: FleetState, { shards, now, retention, hasServed }: ShardsNow): FleetState {
  const isKept = (since: number) => now - since < retention;
  const isMore = (shard: string) => Number(shard) >= shards;
  const active = new Set(state.owners);
  const fits = active.size === shards && ![...active].some(isMore);
  const gone = [...active]
    .filter((shard) => isMore(shard) && hasServed(shard))
    .map((shard) => [shard, now] as const);
  const retired = Object.entries({ ...state.retired, ...Object.fromEntries(gone) }).filter(
    ([shard, since]) => isMore(shard) && isKept(since),
  );
  const moved = fits ? state.moved : now;
  const { moved: _, ...rest } = state;
  return {
    ...rest,
    owners: fits ? state.owners : evenOwners(shards),
    retired: Object.fromEntries(retired),
    ...(moved !== undefined && isKept(moved) && { moved }),
  };
}
