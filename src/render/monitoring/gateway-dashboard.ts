/** A panel: its expressions with their legends. */
interface Panel {
  title: string;
  description?: string;
  unit: string;
  targets: readonly (readonly [expr: string, legend: string])[];
  kind?: "stat" | "timeseries";
  stack?: true;
  /** Of stats: green from here, else red. */
  good?: number;
}

interface Row {
  title: string;
  panels: readonly Panel[];
}

/** The gateways that are looked at: a template variable of the dashboard. */
const at = 'instance=~"$instance"';
const metric = (name: string, ...matchers: string[]) =>
  `promfleet_gateway_${name}{${[at, ...matchers].join(", ")}}`;
const rate = (name: string, ...matchers: string[]) => `rate(${metric(name, ...matchers)}[$__rate_interval])`;
const quantile = (q: number, name: string, by: string) =>
  `histogram_quantile(${q}, sum by (${["le", by].filter(Boolean).join(", ")}) (${rate(`${name}_bucket`)}))`;

const rows: readonly Row[] = [
  {
    title: "At a glance",
    panels: [
      {
        title: "Gateways up",
        kind: "stat",
        unit: "short",
        good: 1,
        targets: [[`count(${metric("topology_good")})`, ""]],
      },
      {
        title: "Shards without a replica",
        kind: "stat",
        unit: "short",
        targets: [[`sum(max by (instance, shard) (${metric("replica_up")}) < bool 1)`, ""]],
      },
      {
        title: "Replicas put aside",
        kind: "stat",
        unit: "short",
        targets: [[`sum(1 - min by (shard, server) (${metric("replica_up")}))`, ""]],
      },
      {
        title: "Queries failed",
        kind: "stat",
        unit: "percentunit",
        targets: [
          [
            `sum(${rate("query_answers_total", 'outcome=~"failed|broken"')}) / (sum(${rate("query_answers_total")}) > 0) or vector(0)`,
            "",
          ],
        ],
      },
      {
        title: "Evaluators ready",
        kind: "stat",
        unit: "short",
        good: 1,
        targets: [[`sum(${metric("evaluator_up")})`, ""]],
      },
      {
        title: "Topology followed",
        kind: "stat",
        unit: "short",
        good: 1,
        targets: [[`min(${metric("topology_good")})`, ""]],
      },
    ],
  },
  {
    title: "Traffic",
    panels: [
      {
        title: "Requests by handler",
        unit: "reqps",
        stack: true,
        targets: [[`sum by (handler) (${rate("http_requests_total")})`, "{{handler}}"]],
      },
      {
        title: "Requests by status",
        description: "499: the client left before it was answered.",
        unit: "reqps",
        stack: true,
        targets: [[`sum by (code) (${rate("http_requests_total")})`, "{{code}}"]],
      },
      {
        title: "Bytes answered, and fetched from servers",
        unit: "Bps",
        targets: [
          [`sum(${rate("http_response_size_bytes_sum")})`, "answered"],
          [`sum(${rate("fetched_bytes_total")})`, "fetched"],
        ],
      },
      {
        title: "Errors of the gateway, by code",
        description: "What a code means: docs/errors.md.",
        unit: "reqps",
        targets: [[`sum by (code) (${rate("errors_total")})`, "{{code}}"]],
      },
    ],
  },
  {
    title: "Latency",
    panels: [
      {
        title: "Queries, p50 and p99",
        unit: "s",
        targets: [
          [quantile(0.5, "query_duration_seconds", ""), "p50"],
          [quantile(0.99, "query_duration_seconds", ""), "p99"],
        ],
      },
      {
        title: "p99 by handler",
        unit: "s",
        targets: [[quantile(0.99, "http_request_duration_seconds", "handler"), "{{handler}}"]],
      },
      {
        title: "p99 by way",
        unit: "s",
        targets: [[quantile(0.99, "query_duration_seconds", "way"), "{{way}}"]],
      },
    ],
  },
  {
    title: "Ways",
    panels: [
      {
        title: "Queries by way",
        unit: "reqps",
        stack: true,
        targets: [[`sum by (way) (${rate("query_answers_total")})`, "{{way}}"]],
      },
      {
        title: "Queries by what became of them",
        unit: "reqps",
        stack: true,
        targets: [[`sum by (outcome) (${rate("query_answers_total")})`, "{{outcome}}"]],
      },
      {
        title: "Evaluated after another way was begun",
        unit: "reqps",
        targets: [
          [
            `sum by (way, why) (${rate("replanned_queries_total")}) > 0 or sum(${rate("replanned_queries_total")})`,
            "{{way}} {{why}}",
          ],
        ],
      },
      {
        title: "Bytes fetched by way",
        unit: "Bps",
        stack: true,
        targets: [[`sum by (way) (${rate("fetched_bytes_total")})`, "{{way}}"]],
      },
      {
        title: "Evaluator: queries, reads, waiting",
        unit: "short",
        targets: [
          [`sum(${metric("evaluator_queries")})`, "queries"],
          [`sum(${metric("reads_used")})`, "reads"],
          [`sum(${metric("reads_waiting")})`, "queries that wait for reads"],
        ],
      },
      {
        title: "Reads of the evaluator",
        unit: "reqps",
        targets: [[`sum by (outcome) (${rate("reads_total")})`, "{{outcome}}"]],
      },
    ],
  },
  {
    title: "Replicas and coverage",
    panels: [
      {
        title: "Replicas up",
        unit: "short",
        targets: [[`min by (server) (${metric("replica_up")})`, "{{server}}"]],
      },
      {
        title: "Time that a replica lacks and its partner has",
        unit: "s",
        targets: [[`max by (server) (${metric("replica_lacking_seconds")})`, "{{server}}"]],
      },
      {
        title: "Requests to replicas, but the good ones",
        unit: "reqps",
        targets: [
          [
            `sum by (server, outcome) (${rate("replica_requests_total", 'outcome!="succeeded"')})`,
            "{{server}} {{outcome}}",
          ],
        ],
      },
      {
        title: "Requests at replicas",
        unit: "short",
        targets: [[`sum by (server) (${metric("replica_requests_in_flight")})`, "{{server}}"]],
      },
      {
        title: "Second requests, and stalls",
        unit: "reqps",
        targets: [
          [`sum by (why) (${rate("second_requests_total")})`, "second: {{why}}"],
          [`sum(${rate("second_requests_withheld_total")})`, "withheld"],
          [`sum(${rate("replica_stalls_total")})`, "stalls"],
        ],
      },
      {
        title: "Replicas with an old configuration",
        unit: "short",
        targets: [[`sum(${metric("replica_config_stale")})`, "replicas"]],
      },
    ],
  },
  {
    title: "Overload",
    panels: [
      {
        title: "Requests working, waiting, in flight",
        unit: "short",
        targets: [
          [`sum(${metric("requests_working")})`, "working"],
          [`sum(${metric("requests_waiting")})`, "waiting"],
          [`sum(${metric("http_requests_in_flight")})`, "in flight"],
        ],
      },
      {
        title: "Wait for a turn, p50 and p99",
        unit: "s",
        targets: [
          [quantile(0.5, "queue_wait_seconds", ""), "p50"],
          [quantile(0.99, "queue_wait_seconds", ""), "p99"],
        ],
      },
      {
        title: "Refused and given up",
        unit: "reqps",
        targets: [
          [`sum(${rate("errors_total", 'code="GATEWAY_BUSY"')})`, "refused: too many requests"],
          [`sum(${rate("connections_refused_total")})`, "connections ended"],
          [`sum(${rate("answers_given_up_total")})`, "answers given up"],
          [`sum(${rate("answers_broken_total")})`, "answers broken"],
        ],
      },
      {
        title: "Connections, and answers that are being read",
        unit: "short",
        targets: [
          [`sum(${metric("connections")})`, "connections"],
          [`sum(${metric("answers_on_their_way")})`, "answers"],
        ],
      },
    ],
  },
  {
    title: "Process",
    panels: [
      {
        title: "Event loop: how late",
        unit: "s",
        targets: ["p50", "p99", "max"].map(
          (name) => [ofGateways(`nodejs_eventloop_lag_${name}_seconds`), `{{instance}} ${name}`] as const,
        ),
      },
      {
        title: "Memory",
        unit: "bytes",
        targets: [
          [ofGateways("process_resident_memory_bytes"), "{{instance}} resident"],
          [ofGateways("nodejs_heap_size_used_bytes"), "{{instance}} heap"],
        ],
      },
      {
        title: "CPU",
        unit: "percentunit",
        targets: [
          [
            `rate(process_cpu_seconds_total{${at}}[$__rate_interval]) and on (instance, job) ${metric("topology_good")}`,
            "{{instance}}",
          ],
        ],
      },
      {
        title: "Open files",
        unit: "short",
        targets: [[ofGateways("process_open_fds"), "{{instance}}"]],
      },
    ],
  },
];

/** Other processes have metrics of these names, too. */
function ofGateways(name: string): string {
  return `${name}{${at}} and on (instance, job) ${metric("topology_good")}`;
}

const datasource = { type: "prometheus", uid: "${datasource}" } as const;
/** Units of Grafana's grid. */
const grid = { width: 24, height: 8, stat: 4 };

/** Every expression of the dashboard, with the panel that it belongs to. */
export function dashboardExpressions(): { panel: string; expr: string }[] {
  return rows.flatMap(({ panels }) =>
    panels.flatMap(({ title, targets }) => targets.map(([expr]) => ({ panel: title, expr }))),
  );
}

/** The dashboard of a gateway, as Grafana imports it (schema of Grafana 11 and later). */
export function gatewayDashboard(): string {
  const panels: unknown[] = [];
  let y = 0;
  let id = 0;
  for (const row of rows) {
    panels.push({
      id: ++id,
      type: "row",
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { h: 1, w: grid.width, x: 0, y },
    });
    y++;
    const isStats = row.panels.every(({ kind }) => kind === "stat");
    const across = isStats ? row.panels.length : row.panels.length % 3 === 0 ? 3 : 2;
    const [w, h] = [grid.width / across, isStats ? grid.stat : grid.height];
    for (const [index, panel] of row.panels.entries()) {
      const gridPos = { h, w, x: (index % across) * w, y: y + Math.floor(index / across) * h };
      panels.push(grafanaPanel(panel, ++id, gridPos));
    }
    y += Math.ceil(row.panels.length / across) * h;
  }
  const dashboard = {
    uid: "promfleet-gateway",
    title: "promfleet gateway",
    tags: ["promfleet"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-1h", to: "now" },
    templating: { list: variables },
    panels,
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

const all = { selected: true, text: "All", value: "$__all" };
const variables = [
  { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", refresh: 1, hide: 0 },
  {
    name: "instance",
    label: "Gateway",
    type: "query",
    datasource,
    definition: "label_values(promfleet_gateway_topology_good, instance)",
    query: {
      qryType: 1,
      query: "label_values(promfleet_gateway_topology_good, instance)",
      refId: "instance",
    },
    refresh: 2,
    sort: 1,
    includeAll: true,
    multi: true,
    allValue: ".*",
    current: all,
  },
];

function grafanaPanel(
  { title, description, unit, targets, kind = "timeseries", stack, good }: Panel,
  id: number,
  gridPos: object,
) {
  const isStat = kind === "stat";
  const [below, from] = good === undefined ? ["green", "red"] : ["red", "green"];
  // what counts what is wrong is red above zero
  const limit = good ?? (unit === "percentunit" ? 0.01 : 1);
  return {
    id,
    type: kind,
    title,
    ...(description !== undefined && { description }),
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(isStat && {
          thresholds: {
            mode: "absolute",
            steps: [
              { color: below, value: null },
              { color: from, value: limit },
            ],
          },
        }),
        ...(!isStat && {
          custom: {
            fillOpacity: stack ? 20 : 0,
            stacking: { mode: stack ? "normal" : "none", group: "A" },
            showPoints: "never",
          },
        }),
      },
      overrides: [],
    },
    options: isStat
      ? { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, colorMode: "background" }
      : {
          legend: { displayMode: "list", placement: "bottom", showLegend: true },
          tooltip: { mode: "multi", sort: "desc" },
        },
    targets: targets.map(([expr, legendFormat], index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource,
      editorMode: "code",
      expr,
      legendFormat: legendFormat || "__auto",
      range: !isStat,
      instant: isStat,
    })),
  };
}
