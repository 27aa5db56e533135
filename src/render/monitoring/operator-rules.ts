import { yamlText } from "../../spec/yaml-text.ts";

const alerts = [
  {
    alert: "PromfleetServerOutOfMemory",
    expr: "max by (namespace, fleet, shard, server) (promfleet_operator_server_out_of_memory) == 1 and on (namespace, fleet, server) max by (namespace, fleet, server) (changes(promfleet_operator_server_restarts[1h])) > 0",
    for: "0s",
    severity: "warning",
    summary:
      "{{ $labels.server }} of {{ $labels.namespace }}/{{ $labels.fleet }} needed more memory than its limit",
    description:
      "It was ended and started again; its partner answers meanwhile, and gives it what it missed. Raise spec.prometheus.resources.limits.memory, have more shards, or find the query: spec.evaluator.maxSamples bounds what one may hold.",
  },
  {
    alert: "PromfleetServerNotReady",
    expr: "max by (namespace, fleet, shard, server) (promfleet_operator_server_ready) == 0",
    for: "10m",
    severity: "warning",
    summary: "{{ $labels.server }} of {{ $labels.namespace }}/{{ $labels.fleet }} is not ready",
    description:
      "Its partner answers alone: the next loss is one of answers. `kubectl describe pfleet {{ $labels.fleet }}` and the events of its pod say why; a long replay of the WAL is no fault.",
  },
  {
    alert: "PromfleetFleetNotReady",
    expr: 'max by (namespace, fleet) (promfleet_operator_fleet_condition{type="Ready"}) == 0',
    for: "1m",
    severity: "critical",
    summary: "The fleet {{ $labels.namespace }}/{{ $labels.fleet }} does not answer everything",
    description:
      "Of a shard no server is ready, or no gateway is. `kubectl describe pfleet {{ $labels.fleet }}` names it; one replica that comes back is enough.",
  },
  {
    alert: "PromfleetFleetDegraded",
    expr: 'max by (namespace, fleet) (promfleet_operator_fleet_condition{type="Degraded"}) == 1',
    for: "15m",
    severity: "warning",
    summary: "Something is wrong with the fleet {{ $labels.namespace }}/{{ $labels.fleet }}",
    description:
      "`kubectl describe pfleet {{ $labels.fleet }}` says what and what to do. Where its declaration was refused, it runs as it was declared before.",
  },
  {
    alert: "PromfleetOperatorDown",
    expr: "max(promfleet_operator_leader) == 0 or absent(promfleet_operator_leader)",
    for: "5m",
    severity: "warning",
    summary: "No operator leads",
    description:
      "Fleets go on as they are; changes are not rolled out, and who comes back is not healed. See the pods of the chart and their logs.",
  },
] as const;

/** Alerting rules about the operator and its fleets, as Prometheus takes them: a file of one group. */
export function operatorRules(): string {
  const rules = alerts.map(({ alert, expr, for: duration, severity, summary, description }) => ({
    alert,
    expr,
    for: duration,
    labels: { severity },
    annotations: { summary, description },
  }));
  return yamlText({ groups: [{ name: "promfleet-operator", rules }] });
}
