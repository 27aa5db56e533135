import { parseDuration } from "../promql/duration.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import type { PrometheusFeatures } from "./prometheus-version.ts";

/** The flag that has versions before 3.8 scrape native histograms. */
const scrapesHistograms = /^--enable-feature=(?:.*,)?native-histograms(?:,|$)/;

/**
 * ms by which samples may be late on the servers of a fleet, so that what they missed can be brought to them; 0 where none may be. So it
 * is, too, where servers have native histograms that can be neither read from one nor brought to the other: a replica that got
 * everything else would look whole.
 */
export function latenessWindowMs({ prometheus, replicas }: FleetSpec, features: PrometheusFeatures): number {
  const { lateSamples, readsHistograms } = features;
  const hidesSome = !readsHistograms && prometheus.extraArgs.some((flag) => scrapesHistograms.test(flag));
  if (lateSamples === "none" || replicas < 2 || hidesSome) return 0;
  return parseDuration(prometheus.outOfOrderWindow) ?? 0;
}
