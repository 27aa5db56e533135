import { latenessWindowMs } from "../plan/lateness-window.ts";
import type { FleetPlan } from "../plan/fleet-plan.ts";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import type { HealingTerms } from "./healed-server.ts";

/** On which terms the servers of a fleet are healed; undefined where they are not. */
export function healingTerms({
  plan: { spec },
  features,
}: {
  plan: Pick<FleetPlan, "spec">;
  features: PrometheusFeatures;
}): HealingTerms | undefined {
  const windowMs = latenessWindowMs(spec, features);
  if (windowMs === 0) return undefined;
  return {
    windowMs,
    lateHistograms: features.lateSamples === "all",
    externalLabels: spec.prometheus.externalLabels,
  };
}
