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
      description: "How it is, and what is being done.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["type"],
      items: {
        type: "object",
        required: ["type", "status"],
        properties: {
          type: { ...text, description: "Ready, Progressing or Degraded." },
          status: { ...text, enum: ["True", "False", "Unknown"], description: "True, False or Unknown." },
          reason: { ...text, description: "In one word." },
          message: { ...text, description: "In a sentence, and what to do." },
          observedGeneration: { ...count, description: "The generation that it is about." },
          lastTransitionTime: { ...text, format: "date-time", description: "When its status changed last." },
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
      description: "Every server, by its name.",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: {
        type: "object",
        required: ["name"],
        properties: {
          name: { ...text, description: "NAME-SHARD-REPLICA." },
          shard: { ...text, description: "Which shard it is of." },
          replica: { ...text, description: "Which replica of it." },
          state: { ...text, description: "Absent, Starting, Failing, Healing, Ready or Leaving." },
          upToDate: { type: "boolean", description: "Whether it shows that it runs what is declared." },
          node: { ...text, description: "Where its pod is." },
          restarts: { ...count, description: "Of its container." },
          outOfMemory: {
            type: "boolean",
            description: "Whether it was ended the last time because it needed more memory than its limit.",
          },
          message: { ...text, description: "Why it does not start." },
        },
      },
    },
    gateways: {
      type: "object",
      description: "The pods of the gateway.",
      properties: {
        wanted: { ...count, description: "How many there are to be." },
        ready: { ...count, description: "How many answer." },
      },
    },
  },
};
