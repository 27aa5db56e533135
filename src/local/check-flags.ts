import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Complaint, PromfleetError } from "../errors/promfleet-error.ts";
import type { PositionOf } from "../plan/plan-fleet.ts";
import type { PrometheusFeatures } from "../plan/prometheus-version.ts";
import { serverFlags } from "../render/server-flags.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";

/** ms */
const timeout = 10_000;

/**
 * Lets Prometheus itself read the command line that the servers will get. Its configuration file does not exist, so it ends there,
 * before it has opened or written anything.
 * @throws PromfleetError PROMETHEUS_FLAGS_REFUSED with the extraArgs that it refuses
 */
export async function checkFlags(
  program: string,
  spec: FleetSpec,
  features: PrometheusFeatures,
  positionOf: PositionOf,
): Promise<void> {
  const { extraArgs } = spec.prometheus;
  const whole = await refusal(program, spec, features);
  if (whole === undefined) return;
  const complaints: Complaint[] = [];
  for (const [index, flag] of extraArgs.entries()) {
    const prometheus = { ...spec.prometheus, extraArgs: [flag] };
    const why = await refusal(program, { ...spec, prometheus }, features);
    const at = positionOf(["spec", "prometheus", "extraArgs", index]);
    if (why !== undefined)
      complaints.push({
        code: "PROMETHEUS_FLAGS_REFUSED",
        message: `Prometheus ${features.version} refuses the flag ${flag}: ${why}`,
        at,
      });
  }
  const [
    first = { code: "PROMETHEUS_FLAGS_REFUSED", message: `Prometheus refuses its flags: ${whole}` } as const,
    ...more
  ] = complaints;
  throw new PromfleetError([first, ...more]);
}

/** @returns what Prometheus says against the flags; undefined when nothing */
async function refusal(
  program: string,
  spec: FleetSpec,
  features: PrometheusFeatures,
): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "promfleet-flags-"));
  try {
    const flags = serverFlags(spec, features, {
      configFile: path.join(folder, "none.yml"),
      dataDir: path.join(folder, "data"),
      listenAddress: "127.0.0.1:1",
    });
    const said = Promise.withResolvers<string>();
    execFile(program, flags, { timeout, cwd: folder }, (_, stdout, stderr) => said.resolve(stdout + stderr));
    return /^Error parsing command ?line arguments: (.*)$/m.exec(await said.promise)?.[1];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
