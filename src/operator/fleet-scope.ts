import type { ApiClient } from "../kubernetes/api-client.ts";
import type { ObjectRef, ResourceKind } from "../kubernetes/api-object.ts";
import type { World } from "./world.ts";

/** One fleet on a cluster, for whatever works on it. */
export interface FleetScope {
  api: ApiClient;
  world: World;
  namespace: string;
  name: string;
  /** "namespace/name" */
  key: string;
  say: (sentence: string) => void;
  /** An object in its namespace. */
  ref: (resource: ResourceKind, name: string) => ObjectRef;
}

export function fleetScope(options: Pick<FleetScope, "api" | "world" | "key" | "say">): FleetScope {
  const slash = options.key.indexOf("/");
  const [namespace, name] = [options.key.slice(0, slash), options.key.slice(slash + 1)];
  return { ...options, namespace, name, ref: (resource, of) => ({ resource, namespace, name: of }) };
}
