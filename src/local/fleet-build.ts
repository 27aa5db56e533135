import type { FleetPlan, SlotOwners } from "../plan/fleet-plan.ts";
import { planFleet } from "../plan/plan-fleet.ts";
import { type PrometheusFeatures, prometheusFeatures } from "../plan/prometheus-version.ts";
import { renderServers, type RenderedServer } from "../render/render-servers.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import type { AcceptedFleet } from "./accepted-fleet.ts";

/** An accepted fleet, planned and rendered: all that does not depend on ports. */
export interface FleetBuild {
  accepted: AcceptedFleet;
  plan: FleetPlan;
  features: PrometheusFeatures;
  servers: readonly RenderedServer[];
}

/** What complaints about the fleet that promfleet brings along call its file. */
export const builtInName = "(built-in fleet)";

/** Pure. @throws PromfleetError with everything that is wrong in the text; not what Prometheus would refuse */
export function buildFleet(accepted: AcceptedFleet, owners: SlotOwners | undefined): FleetBuild {
  const { spec, positionOf } = parseFleet(accepted.text, accepted.source ?? builtInName);
  const plan = planFleet(spec, positionOf, owners);
  const features = prometheusFeatures(accepted.prometheus.version);
  return { accepted, plan, features, servers: renderServers(plan, { features, baseDir: accepted.baseDir }) };
}
