import { yamlText } from "../../spec/yaml-text.ts";

interface Alert {
  alert: string;
  expr: string;
  for: string;
  severity: "critical" | "warning";
  summary: string;
  /** What it means, and what to do: for somebody who was asleep. */
  description: string;
}

const gateway = "on (job, instance)";

const alerts: readonly Alert[] = [
  {
    alert: "PromfleetGatewayDown",
    expr: `up == 0 and ${gateway} group by (job, instance) (last_over_time(promfleet_gateway_topology_good[1d]))`,
    for: "2m",
    severity: "critical",
    summary: "The gateway {{ $labels.instance }} does not answer",
    description:
      "Queries at this address fail; the servers go on scraping and alerting. See `promfleet status` and `promfleet logs gateway`; `promfleet up` starts it again. Where it is alive, look for a memory limit or a full disk.",
  },
  {
    alert: "PromfleetShardUnavailable",
    expr: "max by (job, instance, shard) (promfleet_gateway_replica_up) == 0",
    for: "1m",
    severity: "critical",
    summary: "No replica of shard {{ $labels.shard }} answers the gateway {{ $labels.instance }}",
    description:
      "Queries that need the shard get 503 with its name (with partial_response=true a warning). See `promfleet status`, and the log of each of its servers with `promfleet logs NAME`: out of memory, a full disk, a damaged WAL. One replica that comes back is enough.",
  },
  {
    alert: "PromfleetReplicaDown",
    expr: "min by (job, instance, shard, server) (promfleet_gateway_replica_up) == 0",
    for: "5m",
    severity: "warning",
    summary: "{{ $labels.server }} is put aside by the gateway {{ $labels.instance }}",
    description:
      "Its partner answers alone: the next loss is one of answers. See `promfleet status` and `promfleet logs {{ $labels.server }}`. What it misses is copied from its partner once it is back, as far back as spec.prometheus.outOfOrderWindow.",
  },
  {
    alert: "PromfleetCoverageHole",
    expr: "max by (job, instance, shard, server) (promfleet_gateway_replica_lacking_seconds) > 0",
    for: "1h",
    severity: "warning",
    summary: "{{ $labels.server }} lacks {{ $value | humanizeDuration }} of samples that its partner has",
    description:
      "It was not healed: answers are right as long as the partner is there. See `promfleet coverage`, then `promfleet heal`. What is older than spec.prometheus.outOfOrderWindow can not be healed: it stays until retention ends it, and may be silenced.",
  },
  {
    alert: "PromfleetConfigurationStale",
    expr: "max by (job, instance, shard, server) (promfleet_gateway_replica_config_stale) == 1",
    for: "15m",
    severity: "warning",
    summary: "{{ $labels.server }} could not take its last configuration",
    description:
      "It goes on with the one before, and is asked after the others of its shard. Its log says what it refuses: `promfleet logs {{ $labels.server }}`; then correct fleet.yaml and `promfleet up`.",
  },
  {
    alert: "PromfleetEvaluatorDown",
    expr: "promfleet_gateway_evaluator_up == 0",
    for: "2m",
    severity: "critical",
    summary: "The evaluator of the gateway {{ $labels.instance }} is not ready",
    description:
      "Queries that the shards can not answer themselves fail with 503; others go on. The gateway starts it again by itself: where that does not help, `promfleet logs evaluator` says why. Often it is memory: see spec.evaluator.maxSamples.",
  },
  {
    alert: "PromfleetGatewayOverloaded",
    expr: 'rate(promfleet_gateway_errors_total{code="GATEWAY_BUSY"}[5m]) > 0',
    for: "5m",
    severity: "warning",
    summary: "The gateway {{ $labels.instance }} refuses {{ $value | humanize }} requests a second",
    description:
      "More is asked than spec.gateway.limits lets through. Find who asks: the access log (spec.gateway.accessLog) has client and query. Then slow that one down, raise concurrency where servers and evaluator are idle, or start a second gateway.",
  },
  {
    alert: "PromfleetQueriesFail",
    expr: 'sum by (job, instance) (rate(promfleet_gateway_query_answers_total{outcome=~"failed|broken"}[5m])) / sum by (job, instance) (rate(promfleet_gateway_query_answers_total[5m])) > 0.05',
    for: "5m",
    severity: "critical",
    summary: "{{ $value | humanizePercentage }} of the queries at the gateway {{ $labels.instance }} fail",
    description:
      "promfleet_gateway_errors_total says by which code (docs/errors.md), the access log which queries. SHARD_UNAVAILABLE: see the shard. QUERY_TIMEOUT: look for the slow ones, and at the load of the servers.",
  },
  {
    alert: "PromfleetGatewayLate",
    expr: `nodejs_eventloop_lag_p99_seconds > 0.5 and ${gateway} promfleet_gateway_topology_good`,
    for: "10m",
    severity: "warning",
    summary: "The gateway {{ $labels.instance }} is {{ $value | humanizeDuration }} late in everything",
    description:
      "Its one thread has too much to do, or gets too little CPU: compare process_cpu_seconds_total with what it may have. Very large answers cost most; a second gateway halves it.",
  },
  {
    alert: "PromfleetTopologyRefused",
    expr: "promfleet_gateway_topology_good == 0",
    for: "5m",
    severity: "warning",
    summary: "The gateway {{ $labels.instance }} does not take its topology file",
    description:
      "It goes on with the last one that was right, so servers that are new or have moved are not asked. Its log says what is wrong: `promfleet logs gateway`.",
  },
  {
    alert: "PromfleetGatewayCertificateRefused",
    expr: "promfleet_gateway_tls_files_good == 0",
    for: "5m",
    severity: "warning",
    summary: "The gateway {{ $labels.instance }} does not take the files of its certificate",
    description:
      "It goes on with the certificate that it has, but would not start again with these files. Its log says what is wrong: `promfleet logs gateway`. Often a certificate was renewed without its key.",
  },
  {
    alert: "PromfleetGatewayCertificateExpires",
    expr: "promfleet_gateway_tls_certificate_expiry_timestamp_seconds - time() < 7 * 86400",
    for: "1h",
    severity: "warning",
    summary: "The certificate of the gateway {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
    description:
      "Clients that verify it will not come in any more then. Renew the files of spec.gateway.tls: they are followed, nothing has to be restarted.",
  },
];

/** Alerting rules about gateways, as Prometheus takes them: a file of one group. */
export function gatewayRules(): string {
  const rules = alerts.map(({ alert, expr, for: duration, severity, summary, description }) => ({
    alert,
    expr,
    for: duration,
    labels: { severity },
    annotations: { summary, description },
  }));
  return yamlText({ groups: [{ name: "promfleet-gateway", rules }] });
}
