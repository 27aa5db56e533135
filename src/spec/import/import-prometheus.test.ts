import { expect, it } from "vitest";
import { parse } from "yaml";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parseFleet } from "../parse-fleet.ts";
import { declarationText } from "./declaration-text.ts";
import { type ImportedFleet, importPrometheus } from "./import-prometheus.ts";
import { namedFiles } from "./named-files.ts";
import { readSource } from "./source-document.ts";

/** Imports a configuration; other files by the pattern that names them. */
function imported(
  text: string,
  { name = "prometheus.yml", files = {}, shards = 1 }: Partial<Surroundings> = {},
): ImportedFleet {
  const config = readSource({ name, text });
  const named = namedFiles(config).map((pattern) => ({
    ...pattern,
    documents: Object.entries(files[pattern.pattern] ?? {}).map(([file, content]) =>
      readSource({ name: file, text: content }),
    ),
  }));
  return importPrometheus({ config, named }, { name: "main", shards });
}

interface Surroundings {
  name: string;
  files: Record<string, Record<string, string>>;
  shards: number;
}

/** spec of the fleet.yaml that comes of it, which has to be a good one. */
function specOf(fleet: ImportedFleet): Record<string, unknown> {
  const text = declarationText(fleet, "prometheus.yml");
  parseFleet(text, "fleet.yaml");
  return (parse(text) as { spec: Record<string, unknown> }).spec;
}

function refusalOf(text: string): string {
  try {
    imported(text);
    return "nothing";
  } catch (error) {
    if (error instanceof PromfleetError) return error.message.split("\n")[0] ?? "";
    throw error;
  }
}

it("has Prometheus' defaults where the configuration tells nothing, not the fleet's", () => {
  expect(specOf(imported(""))["prometheus"]).toEqual({ scrapeInterval: "1m", evaluationInterval: "1m" });
  expect(specOf(imported("global: { scrape_interval: 0s, scrape_timeout: 5s }"))["prometheus"]).toEqual({
    scrapeInterval: "1m",
    scrapeTimeout: "5s",
    evaluationInterval: "1m",
  });
});

it("takes scalars as Prometheus does: text where it wants text", () => {
  const fleet = imported(`
scrape_configs:
  - job_name: 404
    honor_labels: yes
    sample_limit: 0x10
    params: { module: [on, 1.10] }
    static_configs: [{ targets: [10.0.0.1:80, 9090], labels: { zone: 07, country: no, day: 2026-01-01, none: } }]
    relabel_configs: [{ source_labels: [a], regex: 0777, replacement: y, target_label: b }]
`);
  expect(specOf(fleet)["scrapeConfigs"]).toEqual([
    {
      job_name: "404",
      honor_labels: true,
      sample_limit: 16,
      params: { module: ["on", "1.10"] },
      static_configs: [
        {
          targets: ["10.0.0.1:80", "9090"],
          labels: { zone: "07", country: "no", day: "2026-01-01", none: "" },
        },
      ],
      relabel_configs: [{ source_labels: ["a"], regex: "0777", replacement: "y", target_label: "b" }],
    },
  ]);
});

it("takes a replica label off, and says so", () => {
  for (const label of ["replica", "__replica__", "prometheus_replica"]) {
    const fleet = imported(
      `global: { external_labels: { cluster: a, ${label}: b } }\nremote_write: [{ url: http://x/ }]`,
    );
    const spec = specOf(fleet);
    expect(spec["prometheus"]).toMatchObject({ externalLabels: { cluster: "a" } });
    expect(spec["longTerm"]).toEqual({ remoteWrite: [{ url: "http://x/" }], replicaLabel: label });
    expect(fleet.changed).toMatchObject([
      { what: `global.external_labels.${label}`, at: "prometheus.yml:1:42" },
    ]);
  }
});

it("does not let a receiver that tracks replicas drop shards", () => {
  const text = "global: { external_labels: { __replica__: b } }\nremote_write: [{ url: http://x/ }]";
  const fleet = imported(text, { shards: 2 });
  expect(specOf(fleet)["longTerm"]).toEqual({ remoteWrite: [{ url: "http://x/" }] });
  expect(fleet.changed.map(({ what }) => what)).toEqual([
    "global.external_labels.__replica__",
    "__replica__",
  ]);
});

it("names what it cannot carry", () => {
  const fleet = imported(`
global: { query_log_file: q.log, external_labels: { host: "\${HOSTNAME}" } }
rule_files: [none/*.yml]
remote_read: [{ url: http://x/ }]
storage: {}
tracing: {}
otlp: {}
runtime: {}
`);
  expect(fleet.notCarried.map(({ what, at }) => `${at} ${what}`)).toEqual([
    "prometheus.yml:4:1 remote_read",
    "prometheus.yml:5:1 storage",
    "prometheus.yml:6:1 tracing",
    "prometheus.yml:7:1 otlp",
    "prometheus.yml:8:1 runtime",
    "prometheus.yml:3:14 rule_files: none/*.yml",
    "prometheus.yml:2:11 global.query_log_file",
    "prometheus.yml:2:53 global.external_labels.host",
  ]);
  const text = declarationText(fleet, "prometheus.yml");
  for (const { what } of fleet.notCarried) expect(text).toContain(`: ${what}: `);
});

it("inlines rules and scrape configs of other files; a name that two files use gets its file behind it", () => {
  const group = "groups: [{ name: g, rules: [{ alert: A, expr: 1, for: 0 }] }]";
  const fleet = imported("rule_files: ['*.rules']\nscrape_config_files: [jobs/a.yml]\n", {
    files: {
      "*.rules": { "a.rules": group, "b.rules": `# twice\n${group}`, "c.rules": "# nothing\n" },
      "jobs/a.yml": {
        "jobs/a.yml": "scrape_configs: [{ job_name: a, file_sd_configs: [{ files: [a.json] }] }]",
      },
    },
  });
  const spec = specOf(fleet);
  const rules = [{ alert: "A", expr: "1", for: "0" }];
  expect(spec["rules"]).toEqual([
    { name: "g", rules },
    { name: "g (b.rules)", rules },
  ]);
  expect(fleet.changed).toMatchObject([{ what: 'group "g"', at: "b.rules:2:10" }]);
  expect(spec["scrapeConfigs"]).toEqual([{ job_name: "a", file_sd_configs: [{ files: ["jobs/a.json"] }] }]);
});

it("keeps naming the same files from another folder", () => {
  const text =
    "scrape_configs: [{ job_name: a, bearer_token_file: t, file_sd_configs: [{ files: [../x.json, /y.json] }] }]";
  const job = (name: string) => (specOf(imported(text, { name }))["scrapeConfigs"] as unknown[])[0];
  expect(job("/etc/prometheus/prometheus.yml")).toMatchObject({
    bearer_token_file: "/etc/prometheus/t",
    file_sd_configs: [{ files: ["/etc/x.json", "/y.json"] }],
  });
  expect(job("../conf/prometheus.yml")).toMatchObject({
    bearer_token_file: "../conf/t",
    file_sd_configs: [{ files: ["../x.json", "/y.json"] }],
  });
});

function keyOfProbes(...more: string[]): string[] | undefined {
  const lines = [
    "scrape_configs:",
    "  - job_name: probes",
    "    relabel_configs:",
    "      - { source_labels: [__address__], target_label: __param_target }",
    '      - { target_label: __address__, replacement: "127.0.0.1:9115" }',
    ...more,
  ];
  const spec = specOf(imported(lines.join("\n")));
  return (spec["scrapeConfigs"] as { shardKey?: string[] }[])[0]?.shardKey;
}

it("spreads targets that hide behind one exporter by what that is asked for", () => {
  expect(keyOfProbes()).toEqual(["__param_target"]);
  expect(keyOfProbes("      - { source_labels: [__param_target], target_label: instance }")).toBeUndefined();
});

it("makes way for a job that has the name of promfleet's own", () => {
  const fleet = imported("scrape_configs: [{ job_name: promfleet }]");
  expect(specOf(fleet)["monitoring"]).toEqual({ fleet: false });
  expect(fleet.changed).toHaveLength(1);
});

function secretsIn(text: string): readonly string[] {
  return imported(`scrape_configs: [{ job_name: a, ${text} }]`).secrets;
}

it("knows secrets", () => {
  expect(secretsIn("basic_auth: { username: u, password: p }")).toEqual(["password"]);
  expect(secretsIn("proxy_url: 'http://u:p@proxy:80'")).toEqual(["proxy_url"]);
  expect(secretsIn("basic_auth: { username: u, password_file: p }")).toEqual([]);
});

it.each([
  [
    "global:\n  a: 1\n b: 2\n",
    "prometheus.yml:3:1: this is no YAML: all mapping items must start at the same column",
  ],
  ["- a\n", "prometheus.yml:1:1: prometheus.yml is no configuration: a map is expected"],
  [
    "global: {}\nglobal: {}\n",
    'prometheus.yml:2:1: the key "global" stands here a second time, after line 1',
  ],
  [
    "globl: {}\n",
    'prometheus.yml:1:1: unknown key "globl" at the top of a Prometheus configuration; did you mean "global"?',
  ],
  ["remote_write: {}\n", "prometheus.yml:1:1: remote_write is not a list of maps"],
  ["alerting: []\n", "prometheus.yml:1:1: alerting is not a map"],
])("refuses %j with its place", (text, refusal) => {
  expect(refusalOf(text)).toBe(`${refusal} [IMPORT_REFUSED]`);
});

it("writes comments that stay comments", () => {
  const fleet = imported('rule_files: ["a\\nspec: {}\\n"]');
  expect(specOf(fleet)["shards"]).toBe(1);
});
