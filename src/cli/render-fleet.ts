import path from "node:path";
import { checkedPlan } from "../local/checked-plan.ts";
import { findServerPrograms } from "../local/server-programs.ts";
import { writeFolder } from "../local/write-folder.ts";
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
  const { prometheus, promtool, features } = await findServerPrograms(spec.prometheus, baseDir);
  const { binary } = spec.prometheus;
  const plan = await checkedPlan({ spec, positionOf, baseDir, promtool, features });
  const files = [
    ...renderServers(plan, features, baseDir).flatMap((server) => server.files),
    renderTopology(plan, preferredAddresses(plan), {
      binary: binary && path.resolve(baseDir, binary),
      version: prometheus.version,
    }),
  ];
  await writeFolder(output, files, force, file);
  return files.length;
}
