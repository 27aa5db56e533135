import { z } from "zod";
import { apiVersion, fleetSchema, kind } from "../../spec/fleet-schema.ts";

type Schema = Record<string, unknown>;

const [group = "", version = ""] = apiVersion.split("/");
const plural = "prometheusfleets";

/**
 * The definition of PrometheusFleet for the API server, made from the schema of fleet.yaml. It has no defaults: what is left out is
 * decided by the promfleet that reads it, as with the file, and an update of promfleet is not to be an update of all objects.
 */
export function fleetCrd(): Record<string, unknown> {
  const whole = z.toJSONSchema(fleetSchema, { io: "input", unrepresentable: "any", reused: "inline" });
  const spec = structural(propertiesOf(whole)["spec"]);
  byName(propertiesOf(spec)["scrapeConfigs"], "job_name");
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: {
      name: `${plural}.${group}`,
      labels: { "app.kubernetes.io/name": "promfleet", "app.kubernetes.io/part-of": "promfleet" },
    },
    spec: {
      group,
      names: { kind, plural, singular: "prometheusfleet", shortNames: ["pfleet"], categories: ["promfleet"] },
      scope: "Namespaced",
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: ".spec.shards",
              statusReplicasPath: ".status.shards",
              labelSelectorPath: ".status.selector",
            },
          },
          additionalPrinterColumns: columns,
          schema: {
            openAPIV3Schema: {
              type: "object",
              description: "Prometheus servers in pairs and shards, behind one address that always answers.",
              required: ["spec"],
              properties: {
                apiVersion: { type: "string" },
                kind: { type: "string" },
                metadata: { type: "object" },
                spec,
                status,
              },
              "x-kubernetes-validations": [
                {
                  rule: "self.metadata.name.size() <= 40",
                  message:
                    "the name of a fleet has at most 40 characters: those of its servers are made from it",
                },
              ],
            },
          },
        },
      ],
    },
  };
}

const column = (name: string, jsonPath: string, type: string, description: string, priority = 0) => ({
  name,
  type,
  jsonPath,
  description,
  ...(priority > 0 && { priority }),
});

const conditionOf = (type: string) => `.status.conditions[?(@.type=="${type}")]`;

const columns = [
  column("Shards", ".spec.shards", "integer", "Into how many parts the targets are cut."),
  column("Replicas", ".spec.replicas", "integer", "How many servers each shard has."),
  column("Servers", ".status.serversReady", "string", "Servers that are ready and whole, of all."),
  column("Ready", `${conditionOf("Ready")}.status`, "string", "Whether every query is answered."),
  column("Progressing", `${conditionOf("Progressing")}.reason`, "string", "What is being rolled out."),
  column("Degraded", `${conditionOf("Degraded")}.reason`, "string", "What is wrong."),
  column("Version", ".status.version", "string", "The version of Prometheus.", 1),
  column("Age", ".metadata.creationTimestamp", "date", "Since when it is declared."),
];

const text = { type: "string" };
const count = { type: "integer", format: "int64" };

const status: Schema = {
  type: "object",
  description: "What the operator has found.",
  properties: {
    observedGeneration: { ...count, description: "The generation of the spec that this is about." },
    conditions: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      items: {
        type: "object",
        required: ["type", "status"],
        properties: {
          type: { ...text, description: "Ready, Progressing or Degraded." },
          status: { ...text, enum: ["True", "False", "Unknown"] },
          reason: text,
          message: { ...text, description: "In a sentence, and what to do." },
          observedGeneration: count,
          lastTransitionTime: { ...text, format: "date-time" },
        },
      },
    },
    shards: { ...count, description: "How many there are." },
    replicas: { ...count, description: "How many servers each has." },
    version: { ...text, description: "Of Prometheus." },
    selector: { ...text, description: "Selects one server a shard." },
    serversReady: { ...text, description: "Servers that are ready and whole, of all." },
    servers: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name: text,
          shard: text,
          replica: text,
          state: { ...text, description: "Absent, Starting, Failing, Healing, Ready or Leaving." },
          upToDate: { type: "boolean", description: "Whether it shows that it runs what is declared." },
          node: text,
          restarts: count,
          message: text,
        },
      },
    },
    gateways: { type: "object", properties: { wanted: count, ready: count } },
  },
};

/** What the API server takes of a JSON schema. */
function structural(schema: unknown): Schema {
  if (!isMap(schema)) return { "x-kubernetes-preserve-unknown-fields": true };
  const { type, description, pattern, items, properties, required, additionalProperties } = schema;
  const kept = Object.fromEntries(
    ["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "enum"].flatMap((key) =>
      schema[key] === undefined ? [] : [[key, schema[key]]],
    ),
  );
  // whatever Prometheus has there
  if (type === undefined) return { ...withText(description), "x-kubernetes-preserve-unknown-fields": true };
  const common: Schema = { type, ...withText(description), ...kept };
  if (type === "integer") return { ...common, format: "int64" };
  if (type === "string") return { ...common, ...patternOf(pattern) };
  if (type === "array") return { ...common, items: structural(items) };
  if (type !== "object") return common;
  const isOpen = isMap(additionalProperties) && Object.keys(additionalProperties).length === 0;
  if (isMap(properties))
    return {
      ...common,
      ...(isOpen && { "x-kubernetes-preserve-unknown-fields": true }),
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, structural(value)]),
      ),
      ...(Array.isArray(required) && required.length > 0 && { required: required as unknown }),
    };
  if (isOpen) return { ...common, "x-kubernetes-preserve-unknown-fields": true };
  return { ...common, additionalProperties: structural(additionalProperties) };
}

function withText(description: unknown): Schema {
  return typeof description === "string" ? { description } : {};
}

/** The API server's regular expressions look at nothing twice. */
function patternOf(pattern: unknown): Schema {
  if (typeof pattern !== "string") return {};
  const plain = pattern.replace(/^\^\(\?=\.\)/, "^");
  return plain === pattern ? { pattern } : { pattern: plain, minLength: 1 };
}

function byName(list: unknown, key: string): void {
  if (isMap(list))
    Object.assign(list, { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key] });
}

function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> {
  const properties = isMap(schema) ? schema["properties"] : undefined;
  return isMap(properties) ? properties : {};
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
