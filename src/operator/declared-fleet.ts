import { type LiveObject, mapAt } from "../kubernetes/api-object.ts";
import { apiVersion, kind } from "../spec/fleet-schema.ts";
import type { FleetSpec } from "../spec/fleet-spec.ts";
import { parseFleet } from "../spec/parse-fleet.ts";

/** What an object of kind PrometheusFleet declares, as text that is the same for the same declaration. */
export function declarationOf(object: LiveObject): string {
  const { name } = object.metadata;
  return JSON.stringify({ apiVersion, kind, metadata: { name }, spec: mapAt(object, "spec") });
}

/**
 * Reads a declaration like a fleet.yaml.
 * @throws PromfleetError with everything that is wrong
 */
export function declaredSpec(declaration: string): FleetSpec {
  // positions in it are nobody's: messages name the fields
  return parseFleet(declaration, "PrometheusFleet").spec;
}
