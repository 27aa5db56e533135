import { exit } from "../../src/errors/exit-codes.ts";
import type { ObstacleName } from "./obstacles.ts";

/** A command that must be refused. It runs in a folder of its own that holds the files, and leaves it as it was. */
export interface CliCase {
  name: string;
  files?: Record<string, string | Buffer>;
  args: readonly string[];
  code: number;
  /** All of them are on stderr. */
  says: readonly RegExp[];
  /** What is in the way on the machine; the case is skipped where that cannot be had. */
  obstacle?: ObstacleName;
}

const head = "apiVersion: promfleet.dev/v1alpha1\nkind: PrometheusFleet\nmetadata: {name: main}\nspec:\n";

/** A declaration whose first line of spec is line 5. */
const spec = (text: string): Record<string, string> => ({ "fleet.yaml": head + text });

const validate = ["validate", "-f", "fleet.yaml"] as const;
const up = ["up", "-f", "fleet.yaml", "--state", "state", "--detach"] as const;
const small = "  shards: 1\n  replicas: 1\n  monitoring: {fleet: false, node: false, demo: 0}\n";
const smallTopology = (replica: string) => `{"shards": [{"id": "0", "replicas": [${replica}]}]}`;
const gateway = ["gateway", "--topology", "topology.json", "--listen", "127.0.0.1:0"] as const;

const declarations: readonly CliCase[] = [
  {
    name: "YAML that does not parse",
    files: spec("  shards: [1\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:[56]:\d+: /],
  },
  {
    name: "an empty fleet.yaml",
    files: { "fleet.yaml": "" },
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:1:1: /],
  },
  {
    name: "a fleet.yaml that is no text",
    files: { "fleet.yaml": Buffer.from([0, 1, 2, 0xff, 0xfe, 10, 0]) },
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml/],
  },
  {
    name: "something else's YAML",
    files: { "fleet.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: main}\nspec: {}\n" },
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:1:13: .*promfleet\.dev\/v1alpha1/s, /fleet\.yaml:2:7: .*PrometheusFleet/s],
  },
  {
    name: "an unknown key",
    files: spec("  replica: 2\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:5:3: .*replica.*replicas.*SPEC_UNKNOWN_KEY/s],
  },
  {
    name: "a key twice",
    files: spec("  shards: 1\n  shards: 2\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:6:3: .*shards/s],
  },
  {
    name: "a wrong type",
    files: spec("  shards: two\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:5:11: .*shards/s],
  },
  {
    name: "a number out of range",
    files: spec("  replicas: 0\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:5:13: .*replicas/s],
  },
  {
    name: "a name that is none",
    files: { "fleet.yaml": head.replace("main", '"../../etc"') + "  shards: 1\n" },
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:3:18: /],
  },
  {
    name: "a section without code",
    files: spec("  autoscale: {minShards: 1}\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:5:3: .*autoscale/s],
  },
  {
    name: "several mistakes at once",
    files: spec("  shards: two\n  replica: 2\n  prometheus: {scrapeInterval: soon}\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:5:11: /, /fleet\.yaml:6:3: /, /fleet\.yaml:7:32: /],
  },
  {
    name: "aliases that multiply",
    files: spec(
      `  scrapeConfigs:\n    - &a [x, x, x, x, x, x, x, x, x, x]\n${"bcdefgh"
        .split("")
        .map((name, index) => {
          const alias = `*${"abcdefg"[index]}`;
          return `    - &${name} [${Array.from({ length: 10 }, () => alias).join(", ")}]\n`;
        })
        .join("")}`,
    ),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml/],
  },
  {
    name: "a job twice",
    files: spec("  scrapeConfigs:\n    - job_name: a\n    - job_name: a\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:7:\d+: .*\ba\b/s],
  },
  {
    name: "a bad regex",
    files: spec(
      '  scrapeConfigs:\n    - job_name: a\n      relabel_configs:\n        - {source_labels: [x], regex: "(", action: keep}\n',
    ),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:[678]:\d+: .*(regex|parenthes|missing closing)/s],
  },
  {
    name: "a key that Prometheus does not know",
    files: spec("  scrapeConfigs:\n    - job_name: a\n      scrape_intervall: 5s\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:[567]:\d+: .*scrape_intervall/s],
  },
  {
    name: "a rule that does not parse",
    files: spec("  shards: 1\n  rules:\n    - name: g\n      rules:\n        - {record: a, expr: 'sum(('}\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:9:\d+: /],
  },
  {
    name: "a rule that needs all shards",
    files: spec("  shards: 2\n  rules:\n    - name: g\n      rules:\n        - {record: a, expr: sum(up)}\n"),
    args: validate,
    code: exit.input,
    says: [/fleet\.yaml:9:\d+: .*RULE_NEEDS_ALL_SHARDS/s],
  },
  {
    name: "no fleet.yaml",
    args: ["validate", "-f", "nowhere.yaml"],
    code: exit.absent,
    says: [/nowhere\.yaml/],
  },
  {
    name: "a folder for a fleet.yaml",
    files: { "folder/file": "" },
    args: ["validate", "-f", "folder"],
    code: exit.environment,
    says: [/folder/],
  },
  {
    name: "an unreadable fleet.yaml",
    files: spec(small),
    args: validate,
    code: exit.environment,
    says: [/fleet\.yaml.*(permission|not be read|cannot read)/is],
    obstacle: "unreadable fleet.yaml",
  },
];

const takingOver: readonly CliCase[] = [
  {
    name: "init over a fleet.yaml",
    files: { "fleet.yaml": "# mine\n" },
    args: ["init"],
    code: exit.environment,
    says: [/fleet\.yaml/],
  },
  {
    name: "init from nothing",
    args: ["init", "--from", "prometheus.yml"],
    code: exit.absent,
    says: [/prometheus\.yml/],
  },
  {
    name: "init from a configuration that does not parse",
    files: { "prometheus.yml": "global:\n  scrape_interval: 15s\n bad\n" },
    args: ["init", "--from", "prometheus.yml"],
    code: exit.input,
    says: [/prometheus\.yml:[23]:\d+: /],
  },
  {
    name: "init from a configuration whose rule file is broken",
    files: {
      "prometheus.yml": "rule_files: [rules.yml]\n",
      "rules.yml": "groups:\n  - name: g\n    rules: {\n",
    },
    args: ["init", "--from", "prometheus.yml"],
    code: exit.input,
    says: [/rules\.yml/],
  },
  {
    name: "render into a folder of somebody else",
    files: { ...spec(small), "out/precious": "keep me" },
    args: ["render", "-f", "fleet.yaml", "-o", "out"],
    code: exit.environment,
    says: [/out/, /OUTPUT_NOT_EMPTY/],
  },
];

const commandLines: readonly CliCase[] = [
  {
    name: "an unknown verb",
    args: ["upp"],
    code: exit.usage,
    says: [/^promfleet: .*upp.*\bup\b.*\[USAGE\]\n {2}/],
  },
  {
    name: "an unknown flag",
    args: ["validate", "--fil", "x"],
    code: exit.usage,
    says: [/^promfleet: .*--fil\b.*\[USAGE\]\n {2}/],
  },
  {
    name: "an output form that does not exist",
    args: ["status", "-o", "xml"],
    code: exit.usage,
    says: [/xml/, /json/],
  },
  {
    name: "status of no fleet",
    args: ["status", "--state", "state"],
    code: exit.absent,
    says: [/state/],
  },
  {
    name: "a state folder from a variable that is not set",
    args: ["down", "--purge", "--state", ""],
    code: exit.usage,
    says: [/--state/, /path/],
  },
  {
    name: "an output folder from a variable that is not set",
    files: spec(small),
    args: ["render", "-o", ""],
    code: exit.usage,
    says: [/--output/, /path/],
  },
  {
    name: "shards for a fleet that is not taken over",
    args: ["init", "--shards", "3"],
    code: exit.usage,
    says: [/--shards.*--from/],
  },
  {
    name: "a server of no fleet",
    args: ["server", "kill", "main-0-a", "--state", "state"],
    code: exit.absent,
    says: [/state|main-0-a/],
  },
  {
    name: "logs of no fleet",
    args: ["logs", "main-0-a", "--state", "state"],
    code: exit.absent,
    says: [/state|main-0-a/],
  },
];

const starts: readonly CliCase[] = [
  {
    name: "a program that is not there",
    files: spec(`${small}  prometheus: {binary: /nonexistent/prometheus}\n`),
    args: up,
    code: exit.program,
    says: [/\/nonexistent\/prometheus/],
  },
  {
    name: "a program that is none",
    files: { ...spec(`${small}  prometheus: {binary: ./notes.txt}\n`), "notes.txt": "no program" },
    args: up,
    code: exit.program,
    says: [/notes\.txt/],
  },
  {
    name: "a version that does not exist",
    files: spec(`${small}  prometheus: {version: "1.99"}\n`),
    args: up,
    code: exit.program,
    says: [/1\.99/],
  },
  {
    name: "a flag that promfleet sets itself",
    files: spec(`${small}  prometheus: {extraArgs: ["--storage.tsdb.path=/tmp"]}\n`),
    args: up,
    code: exit.input,
    says: [/fleet\.yaml:8:\d+: .*storage\.tsdb\.path/s],
  },
  {
    name: "a taken port that was asked for",
    files: spec(`${small}  gateway: {port: PORT}\n`),
    args: up,
    code: exit.environment,
    says: [/PORT/],
    obstacle: "taken port",
  },
  {
    name: "a state folder that cannot be written",
    files: spec(small),
    args: ["up", "-f", "fleet.yaml", "--state", "readonly/state", "--detach"],
    code: exit.environment,
    says: [/readonly.*(permission|not writable|cannot)/is],
    obstacle: "read-only folder",
  },
  {
    name: "a state folder that is a file",
    files: { ...spec(small), state: "a file" },
    args: up,
    code: exit.environment,
    says: [/state/],
  },
  {
    name: "a full disk",
    files: spec(small),
    args: ["up", "-f", "fleet.yaml", "--state", "full/state", "--detach"],
    code: exit.environment,
    says: [/full|no space/i],
    obstacle: "full disk",
  },
];

const topologies: readonly CliCase[] = [
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

export const cliCases: readonly CliCase[] = [
  ...declarations,
  ...takingOver,
  ...commandLines,
  ...starts,
  ...topologies,
];
