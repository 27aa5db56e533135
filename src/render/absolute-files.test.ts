import { expect, it } from "vitest";
import { withAbsoluteFiles } from "./absolute-files.ts";

it("makes the names of files absolute, wherever they stand", () => {
  const section = {
    job_name: "a",
    bearer_token_file: "token",
    tls_config: { ca_file: "../ca.pem", key_file: "/etc/key", cert_file: "" },
    file_sd_configs: [{ files: ["sd/*.json", "/abs/*.yml"], refresh_interval: "5m" }],
    kubernetes_sd_configs: [{ role: "pod", kubeconfig_file: "kube" }],
    http_headers: { "X-Key": { files: ["key"], values: ["files"] } },
  };
  expect(withAbsoluteFiles(section, "/base/dir")).toEqual({
    job_name: "a",
    bearer_token_file: "/base/dir/token",
    tls_config: { ca_file: "/base/ca.pem", key_file: "/etc/key", cert_file: "" },
    file_sd_configs: [{ files: ["/base/dir/sd/*.json", "/abs/*.yml"], refresh_interval: "5m" }],
    kubernetes_sd_configs: [{ role: "pod", kubeconfig_file: "/base/dir/kube" }],
    http_headers: { "X-Key": { files: ["/base/dir/key"], values: ["files"] } },
  });
});

it("leaves the user's own words alone", () => {
  const section = {
    params: { files: ["a"], x_file: ["b"] },
    static_configs: [{ targets: ["a:1"], labels: { config_file: "c" } }],
    consul_sd_configs: [{ node_meta: { a_file: "d" } }],
    relabel_configs: [{ source_labels: ["files"], target_label: "my_file", replacement: "x" }],
  };
  expect(withAbsoluteFiles(section, "/base")).toEqual(section);
});
