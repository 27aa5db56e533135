import type { Command } from "commander";
import type { ApiClient } from "../kubernetes/api-client.ts";
import { namedPath } from "./named-path.ts";

/** Which cluster, and where in it. */
export interface ClusterOptions {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
}

export function withCluster(command: Command): Command {
  return command
    .option("--kubeconfig <file>", "the cluster (default $KUBECONFIG, else ~/.kube/config)", namedPath)
    .option("--context <name>", "of the kubeconfig (default its current one)")
    .option("-n, --namespace <name>", "where the fleet is (default that of the context)");
}

/** @throws PromfleetError KUBECONFIG_INVALID */
export async function openCluster({ kubeconfig, context, namespace }: ClusterOptions): Promise<ApiClient> {
  const [{ ApiClient }, { clusterAccess }] = await Promise.all([
    import("../kubernetes/api-client.ts"),
    import("../kubernetes/kubeconfig.ts"),
  ]);
  return new ApiClient(await clusterAccess({ kubeconfig, context, namespace }));
}
