import type { FleetCluster } from "./fleet-cluster.ts";

/** Name and password of the fleet's servers, as curl takes them. */
export async function serverUser(fleet: FleetCluster): Promise<string> {
  const secret = await fleet.get<{ data: Record<string, string> }>("secret", "main-credentials");
  return ["username", "password"]
    .map((key) => Buffer.from(secret.data[key] ?? "", "base64").toString())
    .join(":");
}
