import { z } from "zod";
import { apiVersion, fleetSchema, kind } from "../../../spec/fleet-schema.ts";
import { addRules } from "./fleet-rules.ts";
import { fleetStatusSchema } from "./fleet-status-schema.ts";
import {
  alertmanagerParts,
  alertRelabelConfigs,
  remoteWriteParts,
  scrapeConfigParts,
} from "./prometheus-parts.ts";
import { type Schema, schemaAt, structuralSchema } from "./structural-schema.ts";

const [group = "", version = ""] = apiVersion.split("/");
const plural = "prometheusfleets";

/**
 * The definition of PrometheusFleet for the API server, made from the schema of fleet.yaml. It has no defaults but one: what is left
 * out is decided by the promfleet that reads it, as with the file (docs/adr/what-the-api-server-refuses.md).
 */
export function fleetCrd(): Record<string, unknown> {
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
          schema: { openAPIV3Schema: fleetObjectSchema() },
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

/** What `kubectl get` prints. */
export const columns = [
  column("Shards", ".spec.shards", "integer", "Into how many parts the targets are cut."),
  column("Replicas", ".status.replicas", "integer", "How many servers each shard has."),
  column("Servers", ".status.serversReady", "string", "Servers that are ready and whole, of all."),
  column("Ready", `${conditionOf("Ready")}.status`, "string", "Whether every query is answered."),
  column("Progressing", `${conditionOf("Progressing")}.reason`, "string", "What is being rolled out."),
  column("Degraded", `${conditionOf("Degraded")}.reason`, "string", "What is wrong."),
  column("Version", ".status.version", "string", "The version of Prometheus.", 1),
  column("Age", ".metadata.creationTimestamp", "date", "Since when it is declared."),
];

/** Of the whole object. */
function fleetObjectSchema(): Schema {
  const { properties } = structuralSchema(
    z.toJSONSchema(fleetSchema, { io: "input", unrepresentable: "any", reused: "inline" }),
  );
  const root: Schema = {
    type: "object",
    description: "Prometheus servers in pairs and shards, behind one address that always answers.",
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { type: "object", properties: { name: { type: "string" } } },
      spec: schemaAt({ properties }, "spec"),
      status: fleetStatusSchema,
    },
  };
  // the subresource scale reads the number of shards where it stands, so it has to stand there
  Object.assign(schemaAt(root, "spec"), { default: {}, nullable: false });
  Object.assign(schemaAt(root, "spec.shards"), { default: 1, nullable: false });
  addParts(root, "spec.scrapeConfigs[]", scrapeConfigParts);
  addParts(root, "spec.alerting.alertmanagers[]", alertmanagerParts);
  addParts(root, "spec.longTerm.remoteWrite[]", remoteWriteParts);
  Object.assign(schemaAt(root, "spec.alerting.alert_relabel_configs"), alertRelabelConfigs);
  addRules(root);
  return root;
}

function addParts(root: Schema, place: string, parts: Readonly<Record<string, Schema>>): void {
  const schema = schemaAt(root, place);
  const own: unknown = schema["properties"];
  schema["properties"] = { ...(typeof own === "object" && own), ...parts };
}
