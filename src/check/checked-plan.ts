import { type Complaint, PromfleetError } from "../errors/promfleet-error.ts";
import type { FleetPlan, SlotOwners } from "../plan/fleet-plan.ts";
import { planFleet, type PositionOf } from "../plan/plan-fleet.ts";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import { checkWithPromtool } from "./promtool.ts";

export interface PlanInput {
  spec: FleetSpec;
  positionOf: PositionOf;
  /** Absolute: what file names in the spec are relative to. */
  baseDir: string;
  /** Path of the promtool of the servers' version. */
  promtool: string;
  features: PrometheusFeatures;
  /** Of the slots, where the fleet has some already. */
  owners?: SlotOwners | undefined;
}

/**
 * The plan of a spec that Prometheus itself has checked too.
 * @throws PromfleetError with all complaints at once: rules that no shard can evaluate alone, and whatever promtool refuses
 */
export async function checkedPlan(input: PlanInput): Promise<FleetPlan> {
  const { spec, positionOf, owners } = input;
  const ours = complaintsOf(() => planFleet(spec, positionOf, owners));
  // one shard takes any rule, so promtool sees everything even where the rules cannot be placed
  const plan = ours.value ?? planFleet({ ...spec, shards: 1 }, positionOf);
  const theirs = await complaintsOfAsync(checkWithPromtool({ ...input, plan }));
  const refused = new Set(theirs.map(({ at }) => JSON.stringify(at)));
  // what Prometheus refuses is not worth placing
  const complaints = [
    ...theirs,
    ...ours.complaints.filter(({ at }) => !at || !refused.has(JSON.stringify(at))),
  ];
  const [first, ...more] = complaints;
  if (first) throw new PromfleetError([first, ...more]);
  return plan;
}

function complaintsOf<Value>(work: () => Value): {
  value: Value | undefined;
  complaints: readonly Complaint[];
} {
  try {
    return { value: work(), complaints: [] };
  } catch (error) {
    if (!(error instanceof PromfleetError)) throw error;
    return { value: undefined, complaints: error.complaints };
  }
}

/** Only what the user did wrong is a complaint: a promtool that does not run ends the check. */
async function complaintsOfAsync(work: Promise<void>): Promise<readonly Complaint[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (error instanceof PromfleetError && error.code !== "PROGRAM_NOT_RUNNABLE") return error.complaints;
    throw error;
  }
}
