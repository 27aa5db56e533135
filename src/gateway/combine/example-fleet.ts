const now = Math.floor(Date.now() / 1000);

/** What a host says. Host 3 is of a newer version than the others: it says other things of the same metric. */
export function exposition(host: string): string {
  const help = host === "host-3" ? "Requests, all of them" : "Requests";
  return [
    `# HELP app_requests ${help}`,
    "# TYPE app_requests counter",
    `app_requests_total 5 # {trace_id="${host}"} 1.5 ${now}.25`,
    ...(host === "all"
      ? ["# HELP app_shared Only of what every shard scrapes", "# TYPE app_shared gauge", "app_shared 1"]
      : [`# HELP app_${host.replace("-", "_")} Own`, `# TYPE app_${host.replace("-", "_")} gauge`]),
    "# EOF\n",
  ].join("\n");
}

/** Rules that every shard has. */
export const hostRules = `
- name: hosts
  rules:
  - {record: "app:up", expr: "sum by (instance) (up{job='app'})"}
  - {alert: HostUp, expr: "up{job='app'} == 1", labels: {severity: info}, annotations: {summary: "{{ $labels.instance }}"}}
  - {alert: HostLate, expr: "up{job='app',instance='host-3'} == 1", for: 1h}
  - {alert: Nothing, expr: "nothing > 1"}
  - {alert: SharedUp, expr: "up{job='everywhere'} == 1"}
  - {alert: Ambiguous, expr: "up{job='app'} * on (job) up{job='app'} > 1"}
`;
/** Only on the first shard, whose file has another name for it. */
export const firstRules = `
- name: first
  rules:
  - {record: shared, expr: "app_shared"}
`;

/** A server's configuration. Hosts 0 to 2 belong to the first shard, host 3 to the second, host 9 to nobody. */
export function config(address: string, hosts: string): string {
  const target = (instance: string) =>
    `{targets: ["${address}"], labels: {instance: ${instance}, __metrics_path__: /${instance}}}`;
  return `
global: {scrape_interval: 1s, evaluation_interval: 1s}
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:9"]}]}]}
rule_files: [rules-*.yml]
scrape_configs:
- job_name: app
  static_configs: [${[0, 1, 2, 3, 9].map((host) => target(`host-${host}`)).join(", ")}]
  relabel_configs:
  - {source_labels: [instance], regex: host-9, action: drop}
  - {source_labels: [instance], regex: "${hosts}", action: keep}
- {job_name: everywhere, static_configs: [${target("all")}]}
`;
}
