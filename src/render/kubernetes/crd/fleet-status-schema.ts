import type { Schema } from "./structural-schema.ts";

const text = { type: "string" };
const count = { type: "integer", format: "int64" };

/** What the operator writes; src/operator/fleet-status.ts. */
export const fleetStatusSchema: Schema = {
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
