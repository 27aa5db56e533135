import { exit } from "../../src/errors/exit-codes.ts";
import { type CliCase, head, small, spec } from "./cli-case.ts";

const validate = ["validate", "-f", "fleet.yaml"] as const;

export const declarations: readonly CliCase[] = [
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

/** Configurations that `init --from` is given. */
export const takingOver: readonly CliCase[] = [
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
