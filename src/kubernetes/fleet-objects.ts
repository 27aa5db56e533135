import { parse } from "yaml";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { ApiClient } from "./api-client.ts";
import { isMap, type LiveObject, listAt, mapAt, type ObjectRef, textAt } from "./api-object.ts";
import { isRefusal } from "./api-refusal.ts";
import { kinds } from "./resource-kinds.ts";

/** Who declares fleets by the command line, in the books of the API server. */
const manager = "promfleet-apply";

/** What the operator tells of a fleet. */
export interface FleetCondition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

/** The PrometheusFleet of a fleet.yaml, in a namespace. @param text one that parseFleet has taken */
export function fleetObject(
  text: string,
  namespace: string,
): { name: string; object: Record<string, unknown> } {
  const document: unknown = parse(text);
  const name = textAt(document, "metadata", "name") ?? "";
  const spec = mapAt(document, "spec");
  const { apiVersion, kind } = kinds.fleet;
  return { name, object: { apiVersion, kind, metadata: { name, namespace }, spec } };
}

export function fleetRef(name: string, namespace: string): ObjectRef {
  return { resource: kinds.fleet, namespace, name };
}

/** @throws PromfleetError CRD_MISSING, CLUSTER_REFUSED, CLUSTER_UNREACHABLE */
export async function applyFleet(
  api: ApiClient,
  ref: ObjectRef,
  object: unknown,
  dryRun: boolean,
): Promise<LiveObject> {
  return await knownKind(async () => await api.apply(ref, object, { dryRun, manager }));
}

/** @throws PromfleetError CRD_MISSING, CLUSTER_REFUSED, CLUSTER_UNREACHABLE */
export async function readFleets(api: ApiClient, namespace: string): Promise<LiveObject[]> {
  return await knownKind(async () => (await api.list(kinds.fleet, { namespace })).items);
}

async function knownKind<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    // of an object that is not there yet, too, apply says nothing of the kind
    if (!isRefusal(error, 404) || /namespaces? .* not found/.test(error.said)) throw error;
    throw new PromfleetError({
      code: "CRD_MISSING",
      message: "the API server does not know PrometheusFleet",
    });
  }
}

export function conditionsOf(fleet: LiveObject): FleetCondition[] {
  return listAt(fleet, "status", "conditions")
    .filter(isMap)
    .map((one) => ({
      type: textAt(one, "type") ?? "",
      status: textAt(one, "status") ?? "",
      reason: textAt(one, "reason") ?? "",
      message: textAt(one, "message") ?? "",
    }));
}
