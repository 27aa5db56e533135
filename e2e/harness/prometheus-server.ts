import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ask } from "./http.ts";
import { type Started, start } from "./processes.ts";
import { cachedProgram } from "./programs.ts";
import { until } from "./until.ts";

export interface PrometheusOptions {
  /** Everything of the server lies here; it is made. */
  folder: string;
  /** Prefix of the version. */
  version: string;
  /** Text of its configuration; or configFile. */
  config?: string;
  configFile?: string;
  flags?: readonly string[];
  /** Where its log goes; left out: into the folder. One that is started again needs another. */
  log?: string;
}

/** A stock Prometheus that a check started for itself. */
export interface PrometheusServer {
  url: string;
  process: Started;
}

/** Starts a stock Prometheus on a free port and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const { folder, version, flags = [] } = options;
  await mkdir(folder, { recursive: true });
  const configFile = options.configFile ?? path.join(folder, "prometheus.yml");
  if (options.config !== undefined) await writeFile(configFile, options.config);
  const log = options.log ?? path.join(folder, "log");
  const process = start(
    cachedProgram("prometheus", version),
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${path.join(folder, "data")}`,
      "--web.listen-address=127.0.0.1:0",
      ...flags,
    ],
    { log, cwd: folder },
  );
  const url = await until(`Prometheus in ${folder} listens`, 20_000, () => {
    const said = readFileSync(log, "utf8");
    const line = /msg="Listening on" .*?address=(127\.0\.0\.1:\d+)/.exec(said);
    if (line?.[1] !== undefined) return `http://${line[1]}`;
    return process.child.exitCode === null ? undefined : `ended: ${said.trim().split("\n").at(-1)}`;
  });
  if (!url.startsWith("http")) throw new Error(`Prometheus in ${folder} ${url}`);
  await until(`${url} is ready`, 20_000, async () => (await ask(`${url}/-/ready`)).status === 200);
  return { url, process };
}
