import { columns, fleetCrd } from "../../src/render/kubernetes/crd/fleet-crd.ts";
import { fleetRules, listKeys } from "../../src/render/kubernetes/crd/fleet-rules.ts";
import { fleetStatusSchema } from "../../src/render/kubernetes/crd/fleet-status-schema.ts";
import { isMap, type Schema } from "../../src/render/kubernetes/crd/structural-schema.ts";
import { table } from "./markdown.ts";

/** docs/reference/prometheusfleet.md: what the definition adds to fleet.yaml. */
export function crdPage(): string {
  const rules = fleetRules.map(({ at, field = "", message }) => [
    `\`${`${at}${field}`.replace(/^\./, "")}\``,
    message,
  ]);
  const lists = Object.entries(listKeys).map(([place, key]) => [`\`${place}\``, `\`${key}\``]);
  const printed = columns.map(({ name, description, priority }) => [
    name,
    `${description}${priority === undefined ? "" : " With `-o wide`."}`,
  ]);
  const bytes = Buffer.byteLength(JSON.stringify(fleetCrd()));
  return `# PrometheusFleet

The object that \`promfleet operator\` reads. Its spec has the keys of [fleet.yaml](fleet.md): the same text is taken by \`promfleet up\`
and by \`kubectl apply --server-side\`. The definition is made from the same schema; \`promfleet crd\` prints it, and the chart has
it (${Math.ceil(bytes / 1000)} kB).

## What the API server does with it

- It fills in \`spec.shards: 1\` where it is left out, for the subresource \`scale\`, and nothing else: \`kubectl get -o yaml\` shows what was
  written. What holds otherwise is in [fleet.md](fleet.md).
- A key with nothing after it counts as left out. An unknown key is refused by kubectl; by clients that do not ask for that it is taken
  away without a word.
- kubectl reads \`1.10\` as 1.1, \`0123\` as 83, \`on\` as true. Where Prometheus wants a string, in targets, labels, parameters,
  headers and relabelling, what is none is refused: put it in quotes.
- Other sections of Prometheus' own are kept as they are. What is wrong in them (durations, regular expressions, passwords that are
  numbers, expressions, whatever Prometheus itself refuses) the operator says on the status, and goes on with what it had.
- \`kubectl scale prometheusfleet/NAME --replicas=N\` sets \`spec.shards\`. Who scales by pods (a HorizontalPodAutoscaler) sees one pod a
  shard.

## Rules over several fields

${table(["field", "what is refused"], rules)}

## Lists by name

An item belongs to whoever applied it, so two can apply their own. One that is there twice is refused.

${table(["list", "by"], lists)}

## Status

${statusTables(fleetStatusSchema, "status").join("\n\n")}

## kubectl get

${table(["column", "meaning"], printed)}
`;
}

function statusTables(schema: Schema, place: string): string[] {
  const { properties, items } = schema;
  if (isMap(items)) return statusTables(items, `${place}[]`);
  if (!isMap(properties)) return [];
  const keys = Object.entries(properties).flatMap(([key, child]) =>
    isMap(child) ? [[key, child] as const] : [],
  );
  const rows = keys.map(([key, { type, description }]) => [
    `\`${key}\``,
    typeof type === "string" ? type : "",
    typeof description === "string" ? description : "",
  ]);
  return [
    `### \`${place}\`\n\n${table(["key", "type", "meaning"], rows)}`,
    ...keys.flatMap(([key, child]) => statusTables(child, `${place}.${key}`)),
  ];
}
