import { mapAt } from "../kubernetes/api-object.ts";
import { applyFleet, fleetObject, fleetRef } from "../kubernetes/fleet-objects.ts";
import { HiddenSecrets } from "../local/hidden-secrets.ts";
import { unifiedDiff } from "../local/unified-diff.ts";
import { yamlText } from "../spec/yaml-text.ts";
import { parseFleet } from "../spec/parse-fleet.ts";
import { type ClusterOptions, openCluster } from "./cluster-options.ts";
import { readDeclaration } from "./read-declaration.ts";

/**
 * What applying a fleet.yaml would change of its object on a cluster, as the API server itself works it out.
 * @returns a unified diff without secrets; "" where nothing would change @throws PromfleetError
 */
export async function clusterDiff(file: string, options: ClusterOptions): Promise<string> {
  const { text } = await readDeclaration(file);
  parseFleet(text, file);
  const api = await openCluster(options);
  try {
    const { name, object } = fleetObject(text, api.namespace);
    const ref = fleetRef(name, api.namespace);
    const live = await api.get(ref);
    const next = await applyFleet(api, ref, object, true);
    // one for both, so that a change of a secret shows
    const secrets = new HiddenSecrets();
    const [before, after] = [live, next].map((one) => (one ? secrets.in(yamlText(mapAt(one, "spec"))) : ""));
    const diff = unifiedDiff(before ?? "", after ?? "");
    const of = `PrometheusFleet ${api.namespace}/${name}`;
    return diff === "" ? "" : `--- ${live ? of : "/dev/null"}\n+++ ${of}\n${diff}`;
  } finally {
    await api.close();
  }
}
