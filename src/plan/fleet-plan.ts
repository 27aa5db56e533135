import type { FleetSpec, RuleGroup } from "../spec/fleet-spec.ts";

/** Number of hash buckets that targets fall into. */
export const slotCount = 1024;

/** Who owns each slot: slotCount shard ids. State, not a computation: it starts even and is later balanced. */
export type SlotOwners = readonly string[];

/** What is to be: every server, what it scrapes and evaluates. Pure result of a spec and the owners. */
export interface FleetPlan {
  spec: FleetSpec;
  owners: SlotOwners;
  shards: readonly ShardPlan[];
  servers: readonly ServerPlan[];
}

export interface ShardPlan {
  id: string;
  /** Owned slots as inclusive ranges, ascending. */
  slots: readonly (readonly [number, number])[];
  /** Groups that this shard's servers evaluate. */
  rules: readonly RuleGroup[];
}

export interface ServerPlan {
  /** `<fleet>-<shard>-<replica>` */
  name: string;
  shard: string;
  replica: string;
}
