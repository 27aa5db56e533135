import path from "node:path";
import type { SlotOwners } from "../plan/fleet-plan.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import type { AcceptedFleet } from "./accepted-fleet.ts";
import { checkFlags } from "./check-flags.ts";
import { checkTls } from "../check/check-tls.ts";
import { checkedPlan } from "../check/checked-plan.ts";
import { builtInName } from "./fleet-build.ts";
import { type FindOptions, findProgram } from "./programs/find-program.ts";
import type { Environment } from "./programs/program.ts";
import { findServerPrograms } from "./server-programs.ts";

/** A declaration as it was read. */
export interface FleetText {
  /** Path of its file, as complaints are to name it; undefined for the fleet that promfleet brings along. */
  source: string | undefined;
  /** Absolute: what file names in it are relative to. */
  baseDir: string;
  text: string;
}

/**
 * Checks a declaration whole, by Prometheus' own word too, and finds the programs that it needs. Writes nothing but what may have to
 * be downloaded.
 * @param owners of the slots, where the fleet has some already
 * @throws PromfleetError with everything that is wrong; PROGRAM_MISSING …
 */
export async function acceptFleet(
  { source, baseDir, text }: FleetText,
  owners: SlotOwners | undefined,
  env: Environment,
  options: FindOptions = {},
): Promise<AcceptedFleet> {
  const { spec, positionOf } = parseFleet(text, source ?? builtInName);
  const { prometheus, promtool, features } = await findServerPrograms(spec.prometheus, baseDir, env, options);
  await checkedPlan({ spec, positionOf, baseDir, promtool, features, owners });
  await checkTls(spec, baseDir, positionOf);
  await checkFlags(prometheus.path, spec, features, positionOf);
  const nodeExporter = spec.monitoring.node
    ? await findProgram("node_exporter", {}, env, options)
    : undefined;
  return {
    ...(source !== undefined && { source: path.join(baseDir, path.basename(source)) }),
    baseDir,
    text,
    prometheus: { path: prometheus.path, version: prometheus.version },
    ...(nodeExporter && { nodeExporter: { path: nodeExporter.path, version: nodeExporter.version } }),
  };
}
