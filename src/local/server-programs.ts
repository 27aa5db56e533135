import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type PrometheusFeatures, prometheusFeatures } from "../plan/prometheus-version.ts";
import type { PrometheusSpec } from "../spec/fleet-spec.ts";
import { companionOf, type FindOptions, findProgram } from "./programs/find-program.ts";
import type { Environment, FoundProgram } from "./programs/program.ts";

/** What the servers of a fleet run. */
export interface ServerPrograms {
  prometheus: FoundProgram;
  /** Path of the promtool of the same version. */
  promtool: string;
  features: PrometheusFeatures;
}

/**
 * Finds the Prometheus that a declaration asks for, and the promtool beside it.
 * @param baseDir absolute: what the path in the declaration is relative to
 * @throws PromfleetError PROGRAM_MISSING …
 */
export async function findServerPrograms(
  { version, binary }: Pick<PrometheusSpec, "version" | "binary">,
  baseDir: string,
  env: Environment = process.env,
  options: FindOptions = {},
): Promise<ServerPrograms> {
  const wanted = { version, ...(binary !== undefined && { path: path.resolve(baseDir, binary) }) };
  const prometheus = await findProgram("prometheus", wanted, env, options);
  const promtool = await companionOf(prometheus);
  if (promtool === undefined)
    throw new PromfleetError({
      code: "PROGRAM_MISSING",
      message: `there is no promtool beside ${prometheus.path}`,
      advice: "Put the promtool of the same version there; every release of Prometheus has it.",
    });
  return { prometheus, promtool, features: prometheusFeatures(prometheus.version) };
}
