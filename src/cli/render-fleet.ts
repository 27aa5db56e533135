import path from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { checkTls, refuseTlsOnKubernetes } from "../check/check-tls.ts";
import { checkedPlan } from "../check/checked-plan.ts";
import { findServerPrograms } from "../local/server-programs.ts";
import { writeFolder } from "../local/write-folder.ts";
import { preferredAddresses, renderTopology } from "../render/fleet-topology.ts";
import { objectFiles, renderKubernetes } from "../render/kubernetes/render-kubernetes.ts";
import { renderServers } from "../render/render-servers.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import { readDeclaration } from "./read-declaration.ts";

/** What a fleet is to run on. */
export type Target = "local" | "kubernetes";

/**
 * Renders a fleet.yaml into a folder, after Prometheus itself has checked it.
 * @returns how many files
 * @throws PromfleetError; then the folder is as it was
 */
export async function renderFleet(
  file: string,
  output: string,
  { force, target }: { force: boolean; target: Target },
): Promise<number> {
  const { text, baseDir } = await readDeclaration(file);
  const { spec, positionOf } = parseFleet(text, file);
  const { prometheus, promtool, features } = await findServerPrograms(spec.prometheus, baseDir);
  const { binary } = spec.prometheus;
  const plan = await checkedPlan({ spec, positionOf, baseDir, promtool, features });
  if (target === "kubernetes") refuseTlsOnKubernetes(spec, positionOf);
  else await checkTls(spec, baseDir, positionOf);
  const local = () => [
    ...renderServers(plan, { features, baseDir }).flatMap((server) => server.files),
    renderTopology(
      plan,
      preferredAddresses(plan),
      { binary: binary && path.resolve(baseDir, binary), version: prometheus.version },
      { baseDir },
    ),
  ];
  const versions = { prometheus: prometheus.version, promfleet: manifest.version };
  const files = target === "local" ? local() : objectFiles(renderKubernetes(plan, { features, versions }));
  await writeFolder(output, files, force, file);
  return files.length;
}
