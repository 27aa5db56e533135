import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { prometheusFeatures } from "../plan/prometheus-version.ts";
import { type EvaluatorSettings, renderEvaluator } from "./render-evaluator.ts";

function settings(version: string, folder: string): EvaluatorSettings {
  return {
    readUrl: "http://127.0.0.1:9399/read",
    evaluator: { evaluationInterval: "15s", lookback: "5m", maxSamples: 50_000_000, enableFeatures: [] },
    timeoutMs: 120_000,
    concurrency: 64,
    features: prometheusFeatures(version),
    configFile: path.join(folder, "prometheus.yml"),
    dataDir: path.join(folder, "data"),
    listenAddress: "127.0.0.1:0",
  };
}

it("traces in order to recognise reads, with a version that can", () => {
  expect(renderEvaluator(settings("3.16.0", "/evaluator")).config).toBe(`global:
  evaluation_interval: 15s
tracing:
  endpoint: 127.0.0.1:1
  insecure: true
  sampling_fraction: 0
remote_read:
  - url: http://127.0.0.1:9399/read
    read_recent: true
    remote_timeout: 130000ms
    chunked_read_limit: 1073741824
    filter_external_labels: false
`);
});

it("leaves out what an older version does not know", () => {
  expect(renderEvaluator(settings("2.42.0", "/evaluator")).config).toBe(`global:
  evaluation_interval: 15s
remote_read:
  - url: http://127.0.0.1:9399/read
    read_recent: true
    remote_timeout: 130000ms
    filter_external_labels: false
`);
});

const cache = process.env["PROMFLEET_CACHE"] ?? path.join(homedir(), ".cache", "promfleet");

const programOf = (version: string) => path.join(cache, "programs", `prometheus-${version}`, "prometheus");

describe.each(["2.42.0", "3.16.0"])("Prometheus %s", (version) => {
  it.skipIf(!existsSync(programOf(version)))("takes it", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "promfleet-evaluator-"));
    const { config, flags } = renderEvaluator(settings(version, folder));
    await writeFile(path.join(folder, "prometheus.yml"), config);
    const child = spawn(programOf(version), [...flags, "--log.level=debug"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      const log: string[] = [];
      for await (const line of createInterface({ input: child.stderr })) {
        log.push(line);
        if (line.includes("Server is ready to receive web requests")) break;
      }
      expect(log.at(-1)).toContain("Server is ready");
      expect(log.filter((line) => /level=(error|ERROR|warn|WARN)/.test(line))).toEqual([]);
    } finally {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
