import { fleetSchema, notBuilt } from "../../src/spec/fleet-schema.ts";
import { fleetSchemaUrl } from "../../src/spec/default-fleet.ts";
import { ownFlags } from "../../src/spec/server-findings.ts";
import { table } from "./markdown.ts";
import { keyTables } from "./schema-keys.ts";

/** docs/reference/fleet.md: every key of fleet.yaml. */
export function fleetPage(): string {
  const planned = Object.entries(notBuilt).map(([place, keys]) => [
    `\`${place}\``,
    keys.map((key) => `\`${key}\``).join(", "),
  ]);
  const flags = Object.entries(ownFlags).map(([flag, key]) => [
    `\`--${flag}\``,
    key === undefined ? "" : `\`${key}\``,
  ]);
  return `# fleet.yaml

One declaration of a fleet: what is scraped and evaluated, by how many servers, behind which address. \`promfleet init\`
writes one to start from, \`promfleet init --from prometheus.yml\` makes one of a configuration that you have,
\`promfleet validate\` checks one, \`promfleet up\` starts it.

\`\`\`yaml
# yaml-language-server: $schema=${fleetSchemaUrl}
apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata:
  name: main
spec:
  shards: 2
  replicas: 2
  prometheus:
    version: "3.16"
    scrapeInterval: 15s
    externalLabels: { cluster: one }
  scrapeConfigs:
    - job_name: app
      file_sd_configs:
        - files: [targets/app-*.json]
    - job_name: kube-state-metrics
      onEveryShard: true # few targets whose series are joined with those of all shards
      static_configs:
        - targets: ["kube-state-metrics:8080"]
  rules:
    - name: app
      rules:
        - record: instance:requests:rate5m
          expr: sum by (instance) (rate(http_requests_total{job="app"}[5m]))
  gateway:
    port: 9090
\`\`\`

## How it is read

- YAML 1.1, as Prometheus and kubectl read it. Whatever they could take for something else has to be quoted, and
  promfleet says so: \`version: "3.16"\`, \`cluster: "no"\`.
- A key that is written with nothing after it counts as left out. An unknown key is an error.
- Durations are Prometheus': \`90s\`, \`1m30s\`, \`15d\`.
- Names of files are relative to the folder of fleet.yaml.
- Sections that are Prometheus' own stay as they are; what Prometheus itself, in the version of the servers, would
  refuse is refused before anything is written.
- Editors that know the YAML language server complete and check the file by the schema in its first line;
  [fleet.schema.json](fleet.schema.json) is the same schema.

## How targets and rules are spread

A target belongs to the shard that owns its slot, one of 1024: the hash of \`instance\` where relabelling or the target's
own labels set it, else of \`__address__\` as relabelling leaves it; with \`shardKey\`, of those labels. A job with
\`onEveryShard\` is scraped by all shards, and one answers for it.

A rule is evaluated by every shard if it comes out right on each shard's own targets, which takes \`instance\` in every
aggregation and matching. A rule that reads only \`onEveryShard\` jobs is evaluated by the first shard. With more than
one shard, any other rule is refused with its place.

## Keys

${keyTables(fleetSchema).join("\n\n")}

## Planned

There is no code for these yet. They are refused by name rather than ignored.

${table(["in", "keys"], planned)}

## Flags that cannot be in \`extraArgs\`

promfleet sets these itself. Where a key does it, that is the place to change it.

${table(["flag", "key"], flags)}

Nor can those be set that would make a server something else than the fleet takes it for: \`--agent\`,
\`--web.config.file\`, \`--web.route-prefix\`, a path in \`--web.external-url\`.
`;
}
