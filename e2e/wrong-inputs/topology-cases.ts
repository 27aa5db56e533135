import { exit } from "../../src/errors/exit-codes.ts";
import type { CliCase } from "./cli-case.ts";

const gateway = ["gateway", "--topology", "topology.json", "--listen", "127.0.0.1:0"] as const;
const smallTopology = (replica: string) => `{"shards": [{"id": "0", "replicas": [${replica}]}]}`;

export const topologies: readonly CliCase[] = [
  {
    name: "a topology cut in the middle",
    files: { "topology.json": '{"shards": [{"id": "0", "repl' },
    args: gateway,
    code: exit.input,
    says: [/topology\.json:1:\d+: /],
  },
  {
    name: "a topology without shards",
    files: { "topology.json": '{"shards": []}' },
    args: gateway,
    code: exit.input,
    says: [/topology\.json:1:\d+: .*shards/s],
  },
  {
    name: "a topology with an unknown key",
    files: { "topology.json": smallTopology('{"name": "a", "uri": "http://127.0.0.1:1"}') },
    args: gateway,
    code: exit.input,
    says: [/topology\.json:1:\d+: .*uri.*url/s],
  },
  {
    name: "a topology with a URL that is none",
    files: { "topology.json": smallTopology('{"name": "a", "url": "ftp://example"}') },
    args: gateway,
    code: exit.input,
    says: [/topology\.json:1:\d+: .*(ftp|http)/s],
  },
  {
    name: "no topology",
    args: gateway,
    code: exit.absent,
    says: [/topology\.json/],
  },
  {
    name: "a gateway without a topology",
    args: ["gateway"],
    code: exit.usage,
    says: [/--topology/],
  },
  {
    name: "a gateway on an address that is none",
    files: { "topology.json": smallTopology('{"name": "a", "url": "http://127.0.0.1:1"}') },
    args: ["gateway", "--topology", "topology.json", "--listen", "127.0.0.1:99999"],
    code: exit.usage,
    says: [/99999/],
  },
  {
    name: "a gateway on a taken port",
    files: { "topology.json": smallTopology('{"name": "a", "url": "http://127.0.0.1:1"}') },
    args: ["gateway", "--topology", "topology.json", "--listen", "127.0.0.1:PORT"],
    code: exit.environment,
    says: [/PORT/],
    obstacle: "taken port",
  },
  {
    name: "a gateway whose evaluator is to read from a taken port",
    files: { "topology.json": smallTopology('{"name": "a", "url": "http://127.0.0.1:1"}') },
    args: [...gateway, "--evaluator", "http://127.0.0.1:1", "--read-port", "PORT"],
    code: exit.environment,
    says: [/PORT.*--read-port/s],
    obstacle: "taken port",
  },
  {
    name: "a gateway with an evaluator that has no URL",
    files: { "topology.json": smallTopology('{"name": "a", "url": "http://127.0.0.1:1"}') },
    args: [...gateway, "--evaluator", "localhost:9090"],
    code: exit.usage,
    says: [/--evaluator.*localhost:9090/s],
  },
  {
    name: "a gateway with its state in a file",
    files: { "topology.json": smallTopology('{"name": "a", "url": "http://127.0.0.1:1"}'), state: "a file" },
    args: [...gateway, "--state", "state"],
    code: exit.environment,
    says: [/state.*STATE_NOT_WRITABLE/s],
  },
];
