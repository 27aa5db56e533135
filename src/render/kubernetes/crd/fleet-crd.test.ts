import { expect, it } from "vitest";
import { fleetCrd } from "./fleet-crd.ts";
import { isMap, schemaAt } from "./structural-schema.ts";

const root = rootOf(fleetCrd());

function rootOf(definition: unknown): Record<string, unknown> {
  const spec = isMap(definition) ? definition["spec"] : undefined;
  const versions: unknown = isMap(spec) ? spec["versions"] : undefined;
  const [version]: unknown[] = Array.isArray(versions) ? versions : [];
  const schema = isMap(version) ? version["schema"] : undefined;
  const found = isMap(schema) ? schema["openAPIV3Schema"] : undefined;
  if (!isMap(found)) throw new Error("there is no schema");
  return found;
}

/** Every level of the schema with its place. */
function* levels(schema: Record<string, unknown>, place = ""): Generator<[string, Record<string, unknown>]> {
  yield [place, schema];
  const { properties, items, additionalProperties } = schema;
  if (isMap(properties))
    for (const [name, child] of Object.entries(properties))
      if (isMap(child)) yield* levels(child, `${place}.${name}`);
  if (isMap(items)) yield* levels(items, `${place}[]`);
  if (isMap(additionalProperties)) yield* levels(additionalProperties, `${place}{}`);
}

it("is structural: one type at each level, or whatever stands there", () => {
  const wrong = [...levels(root)].filter(
    ([, schema]) =>
      (typeof schema["type"] !== "string" && schema["x-kubernetes-preserve-unknown-fields"] !== true) ||
      (schema["properties"] !== undefined && schema["additionalProperties"] !== undefined) ||
      schema["oneOf"] !== undefined,
  );
  expect(wrong.map(([place]) => place)).toEqual([]);
});

it("fills in the number of shards and nothing else", () => {
  const filled = [...levels(root)].filter(([, schema]) => schema["default"] !== undefined);
  expect(filled.map(([place, schema]) => [place, schema["default"]])).toEqual([
    [".spec", {}],
    [".spec.shards", 1],
  ]);
});

it("has no regular expression that looks at something twice", () => {
  const patterns = [...levels(root)].flatMap(([, { pattern, allOf }]) => [pattern, allOf]);
  expect(JSON.stringify(patterns)).not.toMatch(/\(\?[=!<]/);
});

it("knows jobs, groups and tenants by their names", () => {
  const keys = ["spec.scrapeConfigs", "spec.rules", "spec.gateway.tenants"].map(
    (place) => schemaAt(root, place)["x-kubernetes-list-map-keys"],
  );
  expect(keys).toEqual([["job_name"], ["name"], ["name"]]);
});

it("is small enough for kubectl to keep it in an annotation", () => {
  expect(Buffer.byteLength(JSON.stringify(fleetCrd()))).toBeLessThan(262_144);
});
