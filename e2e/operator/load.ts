import { until } from "../harness/until.ts";
import type { FleetCluster } from "./fleet-cluster.ts";
import { askerPod } from "./manifests.ts";

export interface Asked {
  asked: number;
  failed: number;
  slowest: number;
  /** How many targets had a sample within three intervals, how often. */
  expected: Record<string, number>;
  problems: string[];
}

/** Starts a pod in the fleet's namespace that asks the gateway all the time. */
export async function startAsking(fleet: FleetCluster, rate: number): Promise<void> {
  await fleet.cluster.apply(askerPod(fleet.images.promfleet, "http://main-gateway:9390", rate));
  await until("the pod asks", 60_000, async () => (await askedSoFar(fleet)).asked > rate);
}

/** What it has asked since it was started. */
export async function askedSoFar(fleet: FleetCluster): Promise<Asked> {
  const said = await fleet.kubectl("logs", "-n", "fleet", "asker");
  const lines = said.split("\n").filter((line) => line.startsWith("{"));
  const parsed = lines.map(
    (line) => JSON.parse(line) as { total?: Omit<Asked, "problems">; problem?: string },
  );
  const total = parsed.findLast((line) => line.total !== undefined)?.total;
  if (!total) return { asked: 0, failed: 0, slowest: 0, expected: {}, problems: [] };
  return { ...total, problems: lines.filter((_, index) => parsed[index]?.problem !== undefined) };
}
