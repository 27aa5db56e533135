import path from "node:path";
import { freePort } from "../../src/local/free-port.ts";
import { ask } from "./http.ts";
import { start } from "./processes.ts";
import { cachedProgram } from "./programs.ts";
import { until } from "./until.ts";

/**
 * Starts Thanos Query in front of servers, each with a sidecar, and waits until it knows all of them.
 * @param labels external labels of the servers that it takes off, and by which it knows copies
 * @returns the URL of its Prometheus API
 * @throws ProgramMissing
 */
export async function startThanos(
  folder: string,
  servers: readonly string[],
  labels: readonly string[],
): Promise<string> {
  const program = cachedProgram("thanos");
  const host = "127.0.0.1";
  const taken = new Set<number>();
  const address = async () => {
    const port = await freePort(host, [], taken);
    taken.add(port);
    return `${host}:${port}`;
  };
  const endpoints: string[] = [];
  for (const [index, server] of servers.entries()) {
    const grpc = await address();
    const listening = [`--grpc-address=${grpc}`, `--http-address=${await address()}`];
    const args = ["sidecar", `--prometheus.url=${server}`, ...listening];
    start(program, args, { log: path.join(folder, `sidecar-${index}.log`), cwd: folder });
    endpoints.push(grpc);
  }
  const url = await address();
  const args = [
    "query",
    `--http-address=${url}`,
    `--grpc-address=${await address()}`,
    ...endpoints.map((endpoint) => `--endpoint=${endpoint}`),
    ...labels.map((label) => `--query.replica-label=${label}`),
    "--query.default-evaluation-interval=1m",
  ];
  start(program, args, { log: path.join(folder, "query.log"), cwd: folder });
  await until("Thanos Query knows all sidecars", 30_000, async () => {
    const heard = await ask(`http://${url}/api/v1/stores`);
    const { data } = JSON.parse(heard.body.toString()) as {
      data: Record<string, { lastError: string | null }[]>;
    };
    return (data["sidecar"] ?? []).filter(({ lastError }) => lastError === null).length === servers.length;
  });
  return `http://${url}`;
}
