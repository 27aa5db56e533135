/** A spec with one thing wrong. */
export interface RefusedObject {
  /** What is wrong. */
  what: string;
  /** Of a fleet that is right apart from it; YAML, as the API server reads it from kubectl. */
  spec: string;
  /** Left out: "main". */
  name?: string;
  /** What is said has to name the field and the reason. */
  says: RegExp;
}

const scrape = (rest: string): string => `{ scrapeConfigs: [{ job_name: app, ${rest} }] }`;
const prometheus = (rest: string): string => `{ prometheus: { ${rest} } }`;
const tenant = (rest: string): string => `{ gateway: { tenants: [{ name: shop, ${rest} }] } }`;
const basic = "basic: [{ user: u, passwordHash: h }]";

/** Each of them is refused by a reader of fleet.yaml, too. */
export const refusedObjects: readonly RefusedObject[] = [
  { what: "a name of 41 characters", name: "a".repeat(41), spec: "{}", says: /metadata\.name.*at most 40/ },
  { what: "a name with a dot", name: "eu.main", spec: "{}", says: /metadata\.name.*at most 40/ },
  { what: "no shard at all", spec: "{ shards: 0 }", says: /spec\.shards.*greater than or equal to 1/ },
  { what: "65 shards", spec: "{ shards: 65 }", says: /spec\.shards.*less than or equal to 64/ },
  { what: "half a shard", spec: "{ shards: 1.5 }", says: /spec\.shards.*integer/ },
  { what: "6 replicas", spec: "{ replicas: 6 }", says: /spec\.replicas.*less than or equal to 5/ },
  {
    what: "an object where shards are counted",
    spec: "{ shards: { min: 1 } }",
    says: /spec\.shards.*(?:integer|numeric)|unknown field "spec\.shards\.min"/,
  },
  {
    what: "a version that is a number",
    spec: prometheus("version: 3.10"),
    says: /spec\.prometheus\.version.*(?:must be of type|expected) string/,
  },
  {
    what: "a label that is a boolean",
    spec: prometheus("externalLabels: { country: no }"),
    says: /spec\.prometheus\.externalLabels\.country.*(?:must be of type|expected) string/,
  },
  {
    what: "a label in which a variable would be expanded",
    spec: prometheus('externalLabels: { zone: "$ZONE" }'),
    says: /spec\.prometheus\.externalLabels\.zone.*should match/,
  },
  {
    what: "a label that is promfleet's own",
    spec: prometheus("externalLabels: { __promfleet_x: v }"),
    says: /spec\.prometheus\.externalLabels.*can not be external labels/,
  },
  {
    what: "the label that tells replicas apart as an external one",
    spec: prometheus("externalLabels: { prometheus_replica: a }"),
    says: /spec\.prometheus\.externalLabels.*longTerm\.replicaLabel/,
  },
  {
    what: "a number among targets",
    spec: scrape("static_configs: [{ targets: [9090] }]"),
    says: /spec\.scrapeConfigs\[\]\.static_configs\[\]\.targets\[\].*(?:must be of type|expected) string/,
  },
  {
    what: "a target's label that is a number",
    spec: scrape("static_configs: [{ targets: [], labels: { build: 1.10 } }]"),
    says: /spec\.scrapeConfigs\[\]\.static_configs\[\]\.labels\.build.*(?:must be of type|expected) string/,
  },
  {
    what: "an expression for relabelling that is a number",
    spec: scrape("relabel_configs: [{ source_labels: [a], regex: 0777, action: keep }]"),
    says: /spec\.scrapeConfigs\[\]\.relabel_configs\[\]\.regex.*(?:must be of type|expected) string/,
  },
  {
    what: "a parameter that is a boolean",
    spec: scrape("params: { module: [on] }"),
    says: /spec\.scrapeConfigs\[\]\.params\.module\[\].*(?:must be of type|expected) string/,
  },
  {
    what: "a job without a name",
    spec: "{ scrapeConfigs: [{ metrics_path: /m }] }",
    says: /spec\.scrapeConfigs\[\]\.job_name|scrapeConfigs.*job_name/,
  },
  {
    what: "a job twice",
    spec: "{ scrapeConfigs: [{ job_name: app }, { job_name: app }] }",
    says: /spec\.scrapeConfigs.*(duplicate|Duplicate).*app/,
  },
  {
    what: "a job of promfleet's own monitoring",
    spec: "{ scrapeConfigs: [{ job_name: promfleet }] }",
    says: /spec\.scrapeConfigs.*monitoring\.fleet/,
  },
  {
    what: "a job on every shard with a key",
    spec: scrape("onEveryShard: true, shardKey: [a]"),
    says: /spec\.scrapeConfigs\[\]\.shardKey.*not spread/,
  },
  {
    what: "a group twice",
    spec: "{ rules: [{ name: g, rules: [] }, { name: g, rules: [] }] }",
    says: /spec\.rules.*(duplicate|Duplicate).*g/,
  },
  {
    what: "an expression that is a number",
    spec: "{ rules: [{ name: g, rules: [{ record: one, expr: 1 }] }] }",
    says: /spec\.rules\[\]\.rules\[\]\.expr.*(?:must be of type|expected) string/,
  },
  {
    what: "a rule that neither records nor alerts",
    spec: "{ rules: [{ name: g, rules: [{ expr: up }] }] }",
    says: /spec\.rules\[\]\.rules\[\].*either record or alert/,
  },
  {
    what: "a recording rule that waits",
    spec: "{ rules: [{ name: g, rules: [{ record: r, expr: up, for: 5m }] }] }",
    says: /spec\.rules\[\]\.rules\[\].*recording rule has no for/,
  },
  {
    what: "an interval that is none",
    spec: prometheus("scrapeInterval: 1 minute"),
    says: /spec\.prometheus\.scrapeInterval.*should match/,
  },
  {
    what: "an interval of nothing",
    spec: prometheus("scrapeInterval: 0s"),
    says: /spec\.prometheus\.scrapeInterval.*should match/,
  },
  {
    what: "a scrape that may take longer than its interval",
    spec: prometheus("scrapeInterval: 10s, scrapeTimeout: 20s"),
    says: /spec\.prometheus\.scrapeTimeout.*longer than the scrapeInterval/,
  },
  {
    what: "a key of Prometheus' global section that has a place of its own",
    spec: prometheus("global: { scrape_interval: 5s }"),
    says: /spec\.prometheus\.global\.scrape_interval.*spec\.prometheus\.scrapeInterval/,
  },
  {
    what: "a flag that promfleet sets itself",
    spec: prometheus('extraArgs: ["--storage.tsdb.path=/x"]'),
    says: /spec\.prometheus\.extraArgs\[\].*set by promfleet itself/,
  },
  {
    what: "a quantity that is a number",
    spec: prometheus("resources: { requests: { cpu: 1 } }"),
    says: /spec\.prometheus\.resources\.requests\.cpu.*(?:must be of type|expected) string/,
  },
  {
    what: "shards behind a receiver that would drop all but one",
    spec: '{ shards: 2, longTerm: { remoteWrite: [{ url: "http://r" }], replicaLabel: __replica__ } }',
    says: /spec\.longTerm\.replicaLabel.*drop the others/,
  },
  {
    what: "a tenant that sees nothing",
    spec: tenant(basic),
    says: /spec\.gateway\.tenants\[\].*either matchers or/,
  },
  {
    what: "a tenant that nobody can be",
    spec: tenant("everything: true"),
    says: /spec\.gateway\.tenants\[\].*a way to show who it is/,
  },
  {
    what: "a certificate with two names",
    spec: tenant("everything: true, certificates: [{ commonName: a, san: b }]"),
    says: /spec\.gateway\.tenants\[\]\.certificates\[\].*either commonName or san/,
  },
  {
    what: "a key that nobody knows",
    spec: "{ replica: 2 }",
    says: /(?:unknown field|\.)"?(?:spec\.)?replica\b/,
  },
  {
    what: "a key that is not built",
    spec: "{ backup: {} }",
    says: /(?:unknown field|\.)"?(?:spec\.)?backup\b/,
  },
];
