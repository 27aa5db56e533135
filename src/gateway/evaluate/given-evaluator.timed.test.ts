import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { closedPort } from "../../../e2e/harness/closed-port.ts";
import { type VectorSample, api, ask, post } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { type StoredFleet, startStoredFleet } from "../../../e2e/harness/stored-fleet.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import { startGateway } from "../gateway.ts";
import { readTopology } from "../topology-follower.ts";
import { GivenEvaluator } from "./given-evaluator.ts";

let workplace: Workplace;
let fleet: StoredFleet;

beforeAll(async () => {
  workplace = new Workplace("given-evaluator");
  fleet = await startStoredFleet(workplace, { shards: 2, replicas: 1, version: "3.16" });
});

afterAll(async () => {
  await fleet.close();
  await workplace[Symbol.asyncDispose]();
});

let started = 0;
async function start(config: string, flags: string[] = []): Promise<PrometheusServer & { folder: string }> {
  const folder = workplace.path(`evaluator-${++started}`);
  return { folder, ...(await startPrometheus({ folder, version: "3.16", config, flags })) };
}

const readUrl = "http://127.0.0.1:1/api/v1/read";
const reads = (url: string, more = "") => `remote_read: [{url: "${url}", read_recent: true${more}}]\n`;
const tracing = `tracing: {endpoint: "127.0.0.1:1", insecure: true, sampling_fraction: 0}\n`;

test("an evaluator is used only while it reads from here, all that there is, and nothing else", async () => {
  const server = await start("{}\n");
  const said: string[] = [];
  const evaluator = new GivenEvaluator(`${server.url}/`, readUrl, (sentence) => said.push(sentence));
  onTestFinished(async () => await evaluator.close());
  const reload = async (config: string) => {
    await writeFile(`${server.folder}/prometheus.yml`, config);
    process.kill(server.process.pid, "SIGHUP");
  };
  const scrape = `scrape_configs: [{job_name: x, static_configs: [{targets: ["127.0.0.1:1"]}]}]\n`;
  const wrong: [string, string][] = [
    ["{}\n", `it does not read from ${readUrl}`],
    [reads("http://127.0.0.1:2/api/v1/read"), `it does not read from ${readUrl}`],
    [
      `remote_write: [{url: "${readUrl}"}]\n${reads("http://127.0.0.1:2/read")}`,
      `it does not read from ${readUrl}`,
    ],
    [
      `remote_read: [{url: "${readUrl}", read_recent: true}, {url: "http://127.0.0.1:2"}]\n`,
      "somewhere else as well",
    ],
    [`remote_read: [{url: "${readUrl}"}]\n`, "lacks read_recent: true"],
    [reads(readUrl, ", required_matchers: {job: x}"), "required_matchers"],
    [reads(readUrl) + scrape, "it scrapes targets of its own"],
    [`rule_files: [none.yml]\n${reads(readUrl)}`, "it has rules of its own"],
    [`global: {external_labels: {x: "y"}}\n${reads(readUrl)}`, "it has external labels"],
  ];
  for (const [config, why] of wrong) {
    await reload(config);
    await until(`it is refused: ${why}`, 5000, () => evaluator.objection?.includes(why));
    expect(evaluator.state).toBe("down");
    await expect(evaluator.ready(AbortSignal.timeout(1))).rejects.toThrow("timeout");
  }
  await reload(reads(readUrl));
  const ready = await evaluator.ready(AbortSignal.timeout(10_000));
  expect(ready).toMatchObject({ url: server.url, features: { version: "3.16.0", readsCarryTraceId: false } });
  expect([evaluator.state, evaluator.objection]).toEqual(["ready", undefined]);
  expect(said.at(-1)).toBe(`uses the evaluator at ${server.url}, Prometheus 3.16.0`);
  // each reason is told once, however often it is looked at
  expect(new Set(said).size).toBe(said.length);
  await reload(reads("http://127.0.0.1:2/read"));
  await until("it is used no more", 5000, () => evaluator.state === "down");
  await server.process.kill();
});

test.each([
  ["with tracing", tracing],
  ["without", ""],
])("a gateway answers through it (%s), is 503 while it is away, and goes on by itself", async (_, more) => {
  const readPort = await closedPort();
  const config = reads(`http://127.0.0.1:${readPort}/api/v1/read`) + more;
  const server = await start(config);
  const topologyFile = workplace.path("topology.json");
  const shards = fleet.urls.map((urls, id) => ({
    id: String(id),
    replicas: urls.map((url) => ({ name: "a", url })),
  }));
  await writeFile(topologyFile, JSON.stringify({ shards }));
  const gateway = await startGateway({
    topologyFile,
    topology: await readTopology(topologyFile),
    listen: { host: "127.0.0.1", port: 0 },
    readPort,
    startEvaluator: async (url) => await Promise.resolve(new GivenEvaluator(server.url, url, () => {})),
    version: "0",
    say: () => {},
  });
  onTestFinished(async () => await gateway.close());
  const url = `http://127.0.0.1:${gateway.port}`;
  // exactly: not put together from what the shards answer
  const query = { query: "count(m)", exact: "1" };
  const count = async () => (await api<{ result: VectorSample[] }>(url, "query", query)).result[0]?.value[1];
  await until("it is ready", 5000, async () => (await ask(`${url}/-/ready`)).status === 200);
  expect(await count()).toBe("10");
  await server.process.kill();
  const { status, took } = await post(`${url}/api/v1/query`, { ...query, timeout: "1s" });
  expect(status).toBe(503);
  expect(took).toBeLessThan(1500);
  const again = await start(config, [`--web.listen-address=${new URL(server.url).host}`]);
  await until("it answers again", 10_000, async () => (await count()) === "10");
  await again.process.kill();
});

test("/-/ready says why an evaluator is not used", async () => {
  const server = await start(reads("http://127.0.0.1:2/api/v1/read"));
  const topologyFile = workplace.path("topology-of-ready.json");
  await writeFile(
    topologyFile,
    '{"shards": [{"id": "0", "replicas": [{"name": "a", "url": "http://127.0.0.1:1"}]}]}',
  );
  const gateway = await startGateway({
    topologyFile,
    topology: await readTopology(topologyFile),
    listen: { host: "127.0.0.1", port: 0 },
    startEvaluator: async (url) => await Promise.resolve(new GivenEvaluator(server.url, url, () => {})),
    version: "0",
    say: () => {},
  });
  onTestFinished(async () => await gateway.close());
  const why = await until("the evaluator is refused", 5000, async () => {
    const { status, body } = await ask(`http://127.0.0.1:${gateway.port}/-/ready`);
    return status === 503 && /cannot use .*/.exec(body.toString())?.[0];
  });
  expect(why).toBe(`cannot use the evaluator at ${server.url}: it does not read from ${gateway.readUrl}.`);
  await server.process.kill();
});
