import manifest from "../../package.json" with { type: "json" };

/** Where editors find the schema of fleet.yaml: it is part of the published package. */
export const fleetSchemaUrl = `https://unpkg.com/promfleet@${manifest.version}/dist/fleet.schema.json`;

/** The line by which editors know what may stand in a fleet.yaml. */
export const schemaLine = `# yaml-language-server: $schema=${fleetSchemaUrl}`;

/** The fleet.yaml of a fleet that scrapes this machine, itself and a demo service: to look at, and to start from. */
export function defaultFleetText(name: string): string {
  return `${schemaLine}
# A fleet of Prometheus servers. \`promfleet up\` starts it, \`promfleet validate\` checks this file.
apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata:
  name: ${name}
spec:
  # Targets are cut into shards; each shard has that many servers that scrape the same.
  shards: 2
  replicas: 2

  prometheus:
    # version: "3.16" # the newest that is found, where none is asked for
    scrapeInterval: 15s
    retention: 15d
    # externalLabels: { cluster: home }

  # Jobs that promfleet adds by itself.
  monitoring:
    fleet: true # its own servers, gateway and evaluator
    node: true # this machine, through a node exporter
    demo: 6 # instances of a service that does not exist, to have something to look at

  # Prometheus' scrape_configs, as they are.
  scrapeConfigs: []
  # - job_name: app
  #   static_configs:
  #     - targets: ["127.0.0.1:8080"]

  # Prometheus' rule groups, as they are, written as if there were one Prometheus.
  rules:
    - name: availability
      rules:
        - alert: TargetDown
          expr: up == 0
          for: 1m
          labels:
            severity: warning
          annotations:
            summary: "{{ $labels.job }} at {{ $labels.instance }} does not answer"

  # Prometheus' alerting section, as it is.
  # alerting:
  #   alertmanagers:
  #     - static_configs:
  #         - targets: ["127.0.0.1:9093"]

  # The one address that answers queries; a free port is chosen, and kept, where none is asked for.
  gateway:
    host: 127.0.0.1
    # port: 9090
`;
}
