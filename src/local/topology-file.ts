import { renderTopology } from "../render/fleet-topology.ts";
import type { RenderedFile } from "../render/rendered-file.ts";
import type { DesiredProcess } from "./desired-processes.ts";
import type { FleetBuild } from "./fleet-build.ts";

/** What the gateway is told of a build whose servers listen as desired. */
export function topologyFile(
  { plan, accepted }: FleetBuild,
  desired: readonly DesiredProcess[],
): RenderedFile {
  const servers = desired.filter(({ kind }) => kind === "server");
  const { path: binary, version } = accepted.prometheus;
  const addresses = new Map(servers.map(({ name, url }) => [name, url]));
  return renderTopology(plan, addresses, { binary, version }, { baseDir: accepted.baseDir });
}
