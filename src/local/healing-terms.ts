import type { HealingTerms } from "../heal/healed-server.ts";
import { latenessWindowMs } from "../plan/lateness-window.ts";
import { receiverFlag } from "../render/server-flags.ts";
import type { FleetBuild } from "./fleet-build.ts";

/** On which terms the servers of a fleet are healed; undefined where they are not. */
export function healingTerms({ plan, features }: FleetBuild): HealingTerms | undefined {
  const windowMs = latenessWindowMs(plan.spec, features);
  if (windowMs === 0) return undefined;
  return {
    windowMs,
    lateHistograms: features.lateSamples === "all",
    externalLabels: plan.spec.prometheus.externalLabels,
  };
}

/** Whether a server that was started with these words takes what is brought to it. */
export function takesSamples(argv: readonly string[]): boolean {
  return argv.includes(receiverFlag);
}
