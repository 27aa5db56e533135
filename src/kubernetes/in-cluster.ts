import { readFile } from "node:fs/promises";
import path from "node:path";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { ClusterAccess } from "./cluster-access.ts";

const usualFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * What a pod is given by its service account. The token is replaced while the pod runs.
 * @returns undefined outside of a cluster @throws PromfleetError KUBECONFIG_INVALID where a pod has no service account
 */
export async function inClusterAccess(
  env: NodeJS.ProcessEnv,
  folder = usualFolder,
): Promise<ClusterAccess | undefined> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env;
  if (host === undefined || port === undefined || host === "") return undefined;
  const text = async (name: string) => await readFile(path.join(folder, name), "utf8");
  try {
    const [ca, namespace] = await Promise.all([text("ca.crt"), text("namespace"), text("token")]);
    return {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      tls: { ca },
      token: async () => (await text("token")).trim(),
      namespace: namespace.trim(),
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new PromfleetError(
      {
        code: "KUBECONFIG_INVALID",
        message: `this pod has no service account to speak to the API server with: ${why}`,
        advice: "Set automountServiceAccountToken in its pod, and the service account.",
      },
      { cause: error },
    );
  }
}
