import { parseDuration } from "../spec/duration.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import type { PrometheusFeatures } from "./prometheus-version.ts";

/** ms by which samples may be late on the servers of a fleet, so that what they missed can be brought to them; 0 where none may be. */
export function latenessWindowMs(
  { prometheus, replicas }: FleetSpec,
  { lateSamples }: PrometheusFeatures,
): number {
  return lateSamples === "none" || replicas < 2 ? 0 : (parseDuration(prometheus.outOfOrderWindow) ?? 0);
}
