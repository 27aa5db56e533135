import { topologySchema } from "../../src/topology/topology-schema.ts";
import { keyTables } from "./schema-keys.ts";

/** docs/reference/topology.md: every key of topology.json. */
export function topologyPage(): string {
  return `# topology.json

What a gateway knows of the fleet: which servers there are, and what each shard holds. \`promfleet up\` writes it; with
\`promfleet gateway --topology FILE\` you write it yourself, for servers that promfleet did not start. The gateway follows
the file while it runs: a new version takes effect within a second or so, and one that is wrong is told in its log while
it keeps to the last one that was right. Replace the file (write beside it, then rename), so that it is never read half
written.

The smallest one:

\`\`\`json
{"shards": [{"id": "0", "replicas": [{"name": "a", "url": "http://127.0.0.1:9090"}]}]}
\`\`\`

Two shards of two servers each:

\`\`\`json
{
  "fleet": "main",
  "shards": [
    {
      "id": "0",
      "replicas": [
        {"name": "a", "url": "http://10.0.0.1:9090"},
        {"name": "b", "url": "http://10.0.0.2:9090"}
      ]
    },
    {
      "id": "1",
      "replicas": [
        {"name": "a", "url": "http://10.0.1.1:9090"},
        {"name": "b", "url": "http://10.0.1.2:9090"}
      ]
    }
  ],
  "onEveryShard": ["kube-state-metrics"],
  "evaluator": {"version": "3.16", "evaluationInterval": "15s"}
}
\`\`\`

## What the gateway relies on

- No series is on two shards, those of \`onEveryShard\` jobs aside: answers of shards are put together, not compared.
- The replicas of a shard scrape the same targets with the same configuration, so that each can answer for the shard.
- Servers and evaluator are of the same version and have the same \`evaluation_interval\`, lookback and sample limit.
- Servers that are to be read in bulk allow enough concurrent reads and large frames:
  \`--storage.remote.read-concurrent-limit=1024 --storage.remote.read-max-bytes-in-frame=1073741824
  --storage.remote.read-sample-limit=0\`. They have no \`remote_read\` of their own.

## Keys

A key whose value is \`null\` counts as left out. An unknown key is an error.
[topology.schema.json](topology.schema.json) has the same as JSON Schema.

${keyTables(topologySchema).join("\n\n")}
`;
}
