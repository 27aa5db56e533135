import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { checkedPlan } from "../local/checked-plan.ts";
import { companionOf, findProgram } from "../local/programs/find-program.ts";
import { writeFolder } from "../local/write-folder.ts";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { preferredAddresses, renderTopology } from "../render/fleet-topology.ts";
import { renderServers } from "../render/render-servers.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import { readDeclaration } from "./read-declaration.ts";

/**
 * Renders a fleet.yaml into a folder, after Prometheus itself has checked it.
 * @returns how many files
 * @throws PromfleetError; then the folder is as it was
 */
export async function renderFleet(file: string, output: string, force: boolean): Promise<number> {
  const { text, baseDir } = await readDeclaration(file);
  const { spec, positionOf } = parseFleet(text, file);
  const { version, binary } = spec.prometheus;
  const wanted = { version, ...(binary !== undefined && { path: path.resolve(baseDir, binary) }) };
  const prometheus = await findProgram("prometheus", wanted);
  const promtool = await companionOf(prometheus);
  if (promtool === undefined)
    throw new PromfleetError({
      code: "PROGRAM_MISSING",
      message: `there is no promtool beside ${prometheus.path}`,
      advice: "Put the promtool of the same version there; every release of Prometheus has it.",
    });
  const features = prometheusFeatures(prometheus.version);
  const plan = await checkedPlan({ spec, positionOf, baseDir, promtool, features });
  const files = [
    ...renderServers(plan, features, baseDir).flatMap((server) => server.files),
    renderTopology(plan, preferredAddresses(plan), { binary, version: prometheus.version }),
  ];
  await writeFolder(output, files, force);
  return files.length;
}
