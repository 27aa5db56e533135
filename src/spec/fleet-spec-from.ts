import { parseDuration } from "../promql/duration.ts";
import type { FleetDocument } from "./fleet-schema.ts";
import { tlsOf } from "./tls-schema.ts";
import type { FleetSpec, Rule, RuleGroup, ScrapeConfig } from "./fleet-spec.ts";

type Spec = FleetDocument["spec"];

/** A checked document as the rest of promfleet knows it. */
export function fleetSpec({ metadata, spec }: FleetDocument): FleetSpec {
  const { prometheus, gateway, alerting } = spec;
  const { timeout, ...counts } = gateway.limits;
  return {
    name: metadata.name,
    shards: spec.shards,
    replicas: spec.replicas,
    prometheus: {
      version: prometheus.version,
      binary: prometheus.binary,
      scrapeInterval: prometheus.scrapeInterval,
      scrapeTimeout: prometheus.scrapeTimeout,
      evaluationInterval: prometheus.evaluationInterval,
      retention: prometheus.retention,
      retentionSize: prometheus.retentionSize,
      image: prometheus.image,
      storage: { size: prometheus.storage.size, className: prometheus.storage.className },
      resources: prometheus.resources,
      outOfOrderWindow: prometheus.outOfOrderWindow,
      externalLabels: prometheus.externalLabels,
      global: prometheus.global,
      extraArgs: prometheus.extraArgs,
    },
    scrapeConfigs: spec.scrapeConfigs.map(scrapeConfig),
    rules: spec.rules.map(ruleGroup),
    alerting,
    longTerm: spec.longTerm,
    gateway: {
      host: gateway.host,
      port: gateway.port,
      limits: { ...counts, timeoutMs: parseDuration(timeout) ?? 0 },
      tls: gateway.tls && tlsOf(gateway.tls),
      auth: gateway.auth,
      tenants: gateway.tenants?.map((tenant) => ({ ...tenant, matchers: tenant.matchers })),
      coverage: gateway.coverage,
      accessLog: gateway.accessLog,
      tracing: gateway.tracing,
      replicas: gateway.replicas,
      image: gateway.image,
      resources: gateway.resources,
    },
    evaluator: spec.evaluator,
    monitoring: spec.monitoring,
  };
}

function scrapeConfig({ onEveryShard, shardKey, ...config }: Spec["scrapeConfigs"][number]): ScrapeConfig {
  return { jobName: config.job_name, onEveryShard, shardKey, config };
}

function ruleGroup(group: Spec["rules"][number]): RuleGroup {
  return { name: group.name, interval: group.interval, rules: group.rules.map(rule), group };
}

function rule({ record, alert, expr, labels }: Spec["rules"][number]["rules"][number]): Rule {
  const kind = record === undefined ? "alert" : "record";
  return { kind, name: record ?? alert ?? "", expr, labels: labels ?? {} };
}
