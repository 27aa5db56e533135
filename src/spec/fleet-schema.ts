import { z } from "zod";
import {
  duration,
  durationOrNone,
  labelName,
  listOf,
  matching,
  openSection,
  ratio,
  section,
  text,
  verbatim,
  whole,
  yesOrNo,
} from "./shapes.ts";
import { accessKeys } from "./tenant-schema.ts";
import { tlsKey } from "./tls-schema.ts";

export const apiVersion = "promfleet.dev/v1alpha1";
export const kind = "PrometheusFleet";

const label = () => matching(labelName, "a label name such as instance");
const texts = (what: string) => z.record(z.string(), z.string({ error: "a string" }), { error: what });
const labels = () => texts("a map of labels");

const quantities = () =>
  z
    .record(
      z.string(),
      matching(/^\d+(\.\d+)?(m|[kMGTPE]i?)?$/, 'a quantity in quotes, such as "500m" or "2Gi",'),
      { error: "a map of quantities" },
    )
    .optional();

/** What a container asks for and may use at most, as Kubernetes has it. */
const resources = () =>
  section({
    requests: quantities().describe("What a node must have left for it: cpu, memory."),
    limits: quantities().describe("What it may use at most: cpu, memory."),
  }).prefault({});

const prometheus = section({
  version: matching(/^\d+(\.\d+){0,2}$/, 'a version in quotes, such as "3.16" or "2.42.0",')
    .optional()
    .describe("The version of Prometheus, matched from its beginning. Left out: the newest that is found."),
  binary: text("the path of a program")
    .optional()
    .describe("Path of the prometheus program, with promtool beside it. Left out: it is found, or fetched."),
  scrapeInterval: duration().default("15s").describe("How often targets are scraped."),
  scrapeTimeout: duration()
    .optional()
    .describe("How long a scrape may take. Left out: 10s, or the interval if that is shorter."),
  evaluationInterval: duration().optional().describe("How often rules are evaluated. Left out: 15s."),
  retention: duration().default("15d").describe("How long samples are kept."),
  retentionSize: matching(/^[1-9]\d*(?:[KMGTPE]?B)$/, 'a size such as "512MB" or "50GB"')
    .optional()
    .describe("How many bytes of blocks a server keeps at most."),
  image: text("the name of an image")
    .optional()
    .describe("On Kubernetes, the image of the servers. Left out: Prometheus' own of the same version."),
  storage: section({
    size: matching(/^[1-9]\d*[KMGTPE]i?$/, 'a size such as "50Gi"')
      .default("50Gi")
      .describe("How large the volume of a server is."),
    className: text("the name of a storage class")
      .optional()
      .describe("Its storage class. Left out: the cluster's default."),
  })
    .prefault({})
    .describe("On Kubernetes, the volume of each server."),
  resources: resources().describe("On Kubernetes, what a server asks for, and may use."),
  outOfOrderWindow: durationOrNone()
    .default("2h")
    .describe(
      "How far back a replica that was away gets what it missed from its partner: Prometheus' out_of_order_time_window. 0s: it stays without. Needs Prometheus 2.39, and 3.4 for targets with native histograms.",
    ),
  externalLabels: labels()
    .prefault({})
    .describe("Labels that go with alerts, federation and remote writes; the same on every server."),
  global: verbatim().prefault({}).describe("Further keys of Prometheus' `global` section, as they are."),
  extraArgs: listOf(
    matching(/^--[a-z0-9][^\n]*$/, "a flag such as --storage.tsdb.wal-compression").max(1000, {
      error: "a flag of at most 1000 characters",
    }),
  )
    .max(100, { error: "a list of at most 100 flags" })
    .prefault([])
    .describe("Further flags of the servers, `--name=value`. Those that promfleet sets itself are refused."),
});

const scrapeConfig = openSection({
  job_name: text("the name of a job").describe("The name of the job; each has its own."),
  onEveryShard: yesOrNo()
    .default(false)
    .describe("promfleet's own: every shard scrapes all targets of this job, and one shard answers for it."),
  shardKey: listOf(label())
    .min(1, { error: "a list of at least one label" })
    .optional()
    .describe(
      "promfleet's own: labels of the target that decide its shard. Left out: instance, else __address__.",
    ),
});

const rule = openSection({
  record: text("the name of a metric").optional().describe("What a recording rule records."),
  alert: text("the name of an alert").optional().describe("What an alerting rule is called."),
  expr: text("a PromQL expression").describe("The expression, written as if there were one Prometheus."),
  for: text("a duration").optional().describe("How long an alert is pending before it fires."),
  keep_firing_for: text("a duration").optional().describe("How long an alert fires on after its end."),
  labels: labels().optional().describe("Labels that it adds."),
  annotations: texts("a map of texts").optional().describe("Annotations of the alert."),
});

const ruleGroup = openSection({
  name: text("the name of a group").describe("The name of the group; each has its own."),
  interval: duration().optional().describe("How often the group is evaluated."),
  query_offset: text("a duration").optional().describe("How far back the group's rules look."),
  limit: whole(0, Number.MAX_SAFE_INTEGER).optional().describe("How many series or alerts a rule may make."),
  labels: labels().optional().describe("Labels that each of its rules adds."),
  rules: listOf(rule).describe("Recording and alerting rules."),
});

/** Bounds on what one request may cost, without a unit for time. */
export const countLimits = {
  concurrency: whole(1, 10_000).default(64).describe("Requests that are worked on at once; more wait."),
  queue: whole(0, 100_000).default(256).describe("Requests that may wait; more are answered with 503."),
  maxPoints: whole(1, 1_000_000).default(11_000).describe("Points per series of a range query."),
  maxQueryBytes: whole(1, 64 * 1024 ** 2)
    .default(1024 ** 2)
    .describe("Bytes of a query's text."),
};

/** What counts as a gap in what a server has scraped. */
export const coverageKeys = {
  missedScrapes: whole(0, 1000)
    .default(2)
    .describe(
      "Scrapes of a target that a server may miss in a row; more are a gap, which its partner fills.",
    ),
};

export const accessLogKey = () =>
  yesOrNo().default(false).describe("Whether the gateway writes a line of JSON to stderr for each request.");

export const tracingKey = () =>
  section({
    endpoint: matching(/^https?:\/\/[^\s]+$/, "a URL such as http://127.0.0.1:4318").describe(
      "Of a receiver of OTLP over HTTP; spans go to its /v1/traces. OTEL_EXPORTER_OTLP_ENDPOINT in the gateway's environment goes before.",
    ),
    sampleRatio: ratio()
      .default(1)
      .describe("Of traces that no client has begun, the part that is kept. Of others the client says."),
  })
    .optional()
    .describe("Where the gateway sends traces of the requests to it. Left out: nowhere.");

const gateway = section({
  host: text("an address of this machine, such as 127.0.0.1,")
    .default("127.0.0.1")
    .describe("What the gateway listens on."),
  port: whole(1, 65_535).optional().describe("Its port. Left out: a free one is chosen, and then kept."),
  limits: section({
    ...countLimits,
    timeout: duration()
      .default("2m")
      .describe("How long a request may take; `timeout=` can only shorten it."),
  })
    .prefault({})
    .describe("Bounds on what one request may cost."),
  tls: tlsKey(),
  ...accessKeys,
  coverage: section(coverageKeys)
    .prefault({})
    .describe("What the gateway reckons as a gap in what a server has scraped."),
  accessLog: accessLogKey(),
  tracing: tracingKey(),
  replicas: whole(1, 20).default(2).describe("On Kubernetes, how many gateways there are."),
  image: text("the name of an image")
    .optional()
    .describe(
      "On Kubernetes, the image of the gateways, which has Prometheus for the evaluator. Left out: promfleet's own.",
    ),
  resources: resources().describe("On Kubernetes, what a gateway and its evaluator ask for, and may use."),
});

/** What servers and evaluator have in common. */
export const evaluatorKeys = {
  lookback: duration().default("5m").describe("How far back an instant looks for a sample."),
  maxSamples: whole(1, Number.MAX_SAFE_INTEGER)
    .default(50_000_000)
    .describe("How many samples one query may hold in memory."),
};

/** fleet.yaml. Keys that YAML leaves empty count as left out. */
export const fleetSchema = section({
  apiVersion: z
    .literal(apiVersion, { error: apiVersion })
    .describe("The version of this format, written as here."),
  kind: z.literal(kind, { error: kind }).describe("What the file declares."),
  metadata: section({
    name: matching(
      /^(?=.{1,40}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
      "a name of at most 40 lower-case letters, digits and hyphens, beginning and ending with a letter or digit,",
    ).describe("The name of the fleet: servers are called NAME-SHARD-REPLICA."),
  }).describe("Who it is."),
  spec: section({
    shards: whole(1, 64).default(1).describe("Into how many parts the targets are cut."),
    replicas: whole(1, 5)
      .default(2)
      .describe("How many servers with identical scrape configuration each shard has."),
    prometheus: prometheus.prefault({}).describe("The servers."),
    scrapeConfigs: listOf(scrapeConfig).prefault([]).describe("Prometheus' scrape_configs, as they are."),
    rules: listOf(ruleGroup).prefault([]).describe("Prometheus' rule groups, as they are."),
    alerting: section({
      alertmanagers: listOf(verbatim()).optional().describe("Prometheus' alertmanagers, as they are."),
      alert_relabel_configs: listOf(verbatim())
        .optional()
        .describe("Prometheus' alert_relabel_configs, as they are."),
    })
      .prefault({})
      .describe("Prometheus' alerting section."),
    longTerm: section({
      remoteWrite: listOf(verbatim()).prefault([]).describe("Prometheus' remote_write, as it is."),
      replicaLabel: label()
        .default("prometheus_replica")
        .describe("The label that tells the replicas apart at the receiver; added to remote writes only."),
    })
      .prefault({})
      .describe("Where samples go for longer than the servers keep them."),
    gateway: gateway.prefault({}).describe("The one address that answers."),
    evaluator: section(evaluatorKeys)
      .prefault({})
      .describe("The Prometheus that evaluates what one shard cannot; the servers have the same settings."),
    monitoring: section({
      fleet: yesOrNo().default(true).describe('Job "promfleet": the servers, the gateway and the evaluator.'),
      node: yesOrNo().default(false).describe('Job "node": a node exporter on this machine.'),
      demo: whole(0, 500)
        .default(0)
        .describe('Job "demo": that many instances of the built-in demo exporter.'),
    })
      .prefault({})
      .describe("Jobs that promfleet adds by itself."),
  })
    .prefault({})
    .describe("What it is to be."),
});

export type FleetDocument = z.output<typeof fleetSchema>;

/** What design and documentation speak of and no code stands behind yet, by the map that it would stand in. */
export const notBuilt: Readonly<Record<string, readonly string[]>> = {
  spec: ["autoscale", "global", "backup", "quota"],
  "spec.alerting": ["receivers", "route", "deadMansSwitch"],
  "spec.longTerm": ["thanos", "cortex"],
  "spec.gateway": ["cache"],
};
