import { parse, stringify } from "yaml";

type Section = Record<string, unknown>;

/** What reaches out of the machine or needs files of a cluster, and has no part in which targets are kept. */
const outgoing = ["remote_write", "remote_read", "alerting", "rule_files", "tracing"];
const credentials = [
  "authorization",
  "basic_auth",
  "bearer_token",
  "bearer_token_file",
  "follow_redirects",
  "oauth2",
  "proxy_from_environment",
  "tls_config",
];

/**
 * The same configuration as one that discovers and relabels as it did, but sends nothing anywhere: every scrape goes to a
 * proxy that is not there, and Kubernetes is the API given.
 */
export function quietConfig(text: string, kubernetesApi: string): string {
  const config = parse(text) as Section;
  for (const name of outgoing) delete config[name];
  for (const job of (config["scrape_configs"] ?? []) as Section[]) {
    for (const name of credentials) delete job[name];
    job["proxy_url"] = "http://127.0.0.1:1";
    for (const discovery of (job["kubernetes_sd_configs"] ?? []) as Section[]) {
      for (const name of [...credentials, "kubeconfig_file"]) delete discovery[name];
      discovery["api_server"] = kubernetesApi;
    }
  }
  return stringify(config);
}
