/** A schema as a CustomResourceDefinition has it: OpenAPI v3 without what the API server refuses. */
export type Schema = Record<string, unknown>;

/** Whatever stands there is kept as it is. */
export const keepsUnknown = { "x-kubernetes-preserve-unknown-fields": true } as const;

const bounds = ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "enum"] as const;

/**
 * What the API server takes of a JSON schema. Every level has one type, keys that are not known are pruned unless the schema is open,
 * and there are no defaults: what is left out is decided by whoever reads the object.
 */
export function structuralSchema(schema: unknown): Schema {
  if (!isMap(schema)) return { ...keepsUnknown };
  const { type, description, properties, required, additionalProperties } = schema;
  const said: Schema = typeof description === "string" ? { description } : {};
  // whatever Prometheus has there
  if (type === undefined) return { ...said, ...keepsUnknown };
  const kept = bounds.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]] as const]));
  const common: Schema = { type, ...said, ...Object.fromEntries(kept) };
  if (type === "integer") return { ...common, format: "int64" };
  if (type === "string") return { ...common, ...patternsOf(schema) };
  if (type === "array") return { ...common, items: structuralSchema(schema["items"]) };
  if (type !== "object") return common;
  const isOpen = isMap(additionalProperties) && Object.keys(additionalProperties).length === 0;
  if (!isMap(properties))
    return isOpen
      ? { ...common, ...keepsUnknown }
      : { ...common, additionalProperties: structuralSchema(additionalProperties) };
  const needed: unknown[] = Array.isArray(required) ? required : [];
  // a key that is written with nothing after it counts as left out
  const own = Object.entries(properties).map(([key, value]) => {
    const inner = structuralSchema(value);
    return [key, needed.includes(key) ? inner : { ...inner, nullable: true }] as const;
  });
  return {
    ...common,
    ...(isOpen && keepsUnknown),
    properties: Object.fromEntries(own),
    ...(needed.length > 0 && { required: needed }),
  };
}

/** The API server's regular expressions (RE2) look at nothing twice; of several the later ones stand under allOf. */
function patternsOf({ pattern, allOf }: Readonly<Record<string, unknown>>): Schema {
  const parts: unknown[] = Array.isArray(allOf) ? allOf : [];
  const all = [pattern, ...parts.map((one) => (isMap(one) ? one["pattern"] : undefined))];
  const [first, ...others] = all.filter((one) => typeof one === "string");
  if (first === undefined) return {};
  const plain = first.replace(/^\^\(\?=\.\)/, "^");
  return {
    pattern: plain,
    ...(plain !== first && { minLength: 1 }),
    ...(others.length > 0 && { allOf: others.map((one) => ({ pattern: one })) }),
  };
}

/**
 * The schema at a place: "spec.scrapeConfigs[].job_name"; "{}" is any key of a map.
 * @throws where there is none: whoever names it has to follow the schema
 */
export function schemaAt(root: Schema, place: string): Schema {
  const steps = place.replaceAll("[]", ".[]").replaceAll("{}", ".{}").split(".");
  return steps
    .filter((step) => step !== "")
    .reduce<Schema>((schema, step) => {
      const properties = schema["properties"];
      const next =
        step === "[]"
          ? schema["items"]
          : step === "{}"
            ? schema["additionalProperties"]
            : isMap(properties)
              ? properties[step]
              : undefined;
      if (!isMap(next)) throw new Error(`the schema has no ${place}`);
      return next;
    }, root);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
