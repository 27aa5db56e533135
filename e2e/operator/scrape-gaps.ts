import type { FleetCluster } from "./fleet-cluster.ts";
import { serverUser } from "./server-user.ts";

interface Matrix {
  data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
}

/**
 * The longest time without a sample of a target on all replicas of its shard together, in s: what no gateway could answer about.
 * @param seconds how far back is looked, from now
 */
export async function longestGap(
  fleet: FleetCluster,
  job: string,
  seconds: number,
): Promise<{ gap: number; of: string }> {
  const { cluster } = fleet;
  const user = await serverUser(fleet);
  const services = await fleet.get<{ items: { metadata: { name: string }; spec: { clusterIP: string } }[] }>(
    "services",
    "-l",
    "app.kubernetes.io/component=server",
  );
  const times = new Map<string, Set<number>>();
  for (const { spec } of services.items) {
    const said = await cluster.exec(
      "curl",
      "-sS",
      "-m",
      "10",
      "-u",
      user,
      "--data-urlencode",
      `query=up{job="${job}"}[${seconds}s]`,
      `http://${spec.clusterIP}:9090/api/v1/query`,
    );
    for (const { metric, values } of (JSON.parse(said) as Matrix).data.result) {
      const target = metric["instance"] ?? "";
      const known = times.get(target) ?? new Set<number>();
      for (const [at] of values) known.add(at);
      times.set(target, known);
    }
  }
  let longest = { gap: 0, of: "" };
  for (const [target, known] of times) {
    const inOrder = [...known].toSorted((a, b) => a - b);
    for (const [index, at] of inOrder.entries()) {
      const gap = at - (inOrder[index - 1] ?? at);
      if (gap > longest.gap) longest = { gap, of: `${target} at ${new Date(at * 1000).toISOString()}` };
    }
  }
  return longest;
}
