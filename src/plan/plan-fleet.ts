import type { Position } from "../errors/promfleet-error.ts";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import { type FleetPlan, type SlotOwners, slotCount } from "./fleet-plan.ts";
import { placeRules } from "./place-rules.ts";
import { evenOwners, slotRanges } from "./slots.ts";

/** Where a value of the spec stands in its file. */
export type PositionOf = (path: readonly (string | number)[]) => Position | undefined;

/**
 * Who scrapes and evaluates what.
 * @param owners of the slots, where the fleet has some already; even ones otherwise, or where they name shards that are no more
 * @param retired shards that own no slots any more, and are there for their history
 * @throws PromfleetError with every rule that no shard can evaluate alone
 */
export function planFleet(
  spec: FleetSpec,
  positionOf: PositionOf,
  owners?: SlotOwners,
  retired: readonly string[] = [],
): FleetPlan {
  const ids = Array.from({ length: spec.shards }, (_, shard) => String(shard));
  const fitting = owners?.length === slotCount && ids.every((id) => owners.includes(id));
  const slots = fitting && owners.every((id) => ids.includes(id)) ? owners : evenOwners(spec.shards);
  const { groups, complaints } = placeRules(spec, ids, positionOf);
  const [first, ...more] = complaints;
  if (first) throw new PromfleetError([first, ...more]);
  return {
    spec,
    owners: slots,
    shards: [...ids, ...retired].map((id, index) => ({
      id,
      slots: slotRanges(slots, id),
      rules: groups[index] ?? [],
    })),
    servers: [...ids, ...retired].flatMap((shard) =>
      replicaNames(spec.replicas).map((replica) => ({
        name: `${spec.name}-${shard}-${replica}`,
        shard,
        replica,
      })),
    ),
  };
}

/** "a", "b", … */
function replicaNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String.fromCharCode("a".charCodeAt(0) + index));
}
