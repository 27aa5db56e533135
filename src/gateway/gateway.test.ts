import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayAlone, startGateway, topologyText } from "../../e2e/harness/gateway-alone.ts";
import { metricsPage } from "../../e2e/harness/gateway-metrics.ts";
import { type Heard, ask, post } from "../../e2e/harness/http.ts";
import { commandLine, ours } from "../../e2e/harness/processes.ts";
import { cachedProgram } from "../../e2e/harness/programs.ts";
import { promfleet, run } from "../../e2e/harness/promfleet.ts";
import { type StoredFleet, startStoredFleet } from "../../e2e/harness/stored-fleet.ts";
import { until } from "../../e2e/harness/until.ts";
import { Workplace, checkout } from "../../e2e/harness/workplace.ts";

let workplace: Workplace;
let fleet: StoredFleet;
let gateway: GatewayAlone;

beforeAll(async () => {
  workplace = new Workplace("gateway");
  fleet = await startStoredFleet(workplace, { shards: 2, replicas: 1, version: "3.16" });
  gateway = await startGateway(workplace.folder, fleet.urls, "3.16");
});

afterAll(async () => {
  await fleet.close();
  await workplace[Symbol.asyncDispose]();
});

const json = ({ body }: Heard): unknown => JSON.parse(body.toString());
const api = async (path: string) => await ask(`${gateway.url}/api/v1/${path}`);
const hosts = [0, 1].flatMap((shard) => [0, 1, 2, 3, 4].map((number) => `${shard}-${number}`));

const evaluators = () => ours().filter((pid) => commandLine(pid).includes("/evaluator/"));

/** What promtool has to say about metrics in the text format. */
async function lint(url: string): Promise<string> {
  const file = workplace.path("metrics");
  await writeFile(file, await metricsPage(url));
  const { stdout, stderr, code } = await run([
    "/bin/sh",
    "-c",
    'exec "$0" check metrics <"$1"',
    cachedProgram("prometheus", "3.16", "promtool"),
    file,
  ]);
  return `${stdout}${stderr}${code === 0 ? "" : `exit code ${code}`}`;
}

test("what Grafana asks to test a data source works", async () => {
  const health = await post(`${gateway.url}/api/v1/query`, { query: "1+1", time: "4" });
  expect(json(health)).toEqual({ status: "success", data: { resultType: "scalar", result: [4, "2"] } });
  const build = await api("status/buildinfo");
  expect(json(build)).toMatchObject({ status: "success", data: { version: "3.16.0" } });
  expect((await api("status/runtimeinfo")).status).toBe(200);
});

test("what Grafana asks for its editor works: labels, values, series, metadata, with match[] and limit", async () => {
  const between = `start=${fleet.start}&end=${fleet.end + 1}`;
  expect(json(await api(`label/host/values?${between}&match[]=m`))).toEqual({
    status: "success",
    data: hosts,
  });
  expect(json(await api(`label/host/values?${between}&match[]=%7Bhost%3D~%220-.*%22%7D&limit=2`))).toEqual({
    status: "success",
    data: ["0-0", "0-1"],
    warnings: ["results truncated due to limit"],
  });
  const labels = await post(`${gateway.url}/api/v1/labels`, { "match[]": "m", start: String(fleet.start) });
  expect(json(labels)).toEqual({ status: "success", data: ["__name__", "host"] });
  const series = await post(`${gateway.url}/api/v1/series`, { "match[]": 'm{host=~".-0"}' });
  expect(json(series)).toMatchObject({ data: [{ host: "0-0" }, { host: "1-0" }] });
  expect(json(await api("metadata?limit=-1"))).toEqual({ status: "success", data: {} });
  expect((await api("query_exemplars?query=m")).status).toBe(200);
});

test("what Grafana asks for a panel works, by form, also where it takes gzip", async () => {
  const form = { query: "sum by (host) (m)", start: String(fleet.start), end: String(fleet.end), step: "15" };
  const plain = await post(`${gateway.url}/api/v1/query_range`, form);
  expect(json(plain)).toMatchObject({ data: { result: hosts.map((host) => ({ metric: { host } })) } });
  const search = new URLSearchParams(form).toString();
  expect((await api(`query_range?${search}`)).body.equals(plain.body)).toBe(true);
  const headers = { "accept-encoding": "gzip" };
  const packed = await post(`${gateway.url}/api/v1/query_range`, form, { headers });
  const text = packed.headers["content-encoding"] === "gzip" ? gunzipSync(packed.body) : packed.body;
  expect(text.equals(plain.body)).toBe(true);
});

test("promtool has nothing to say about its metrics, which tell what there was", async () => {
  expect(await lint(gateway.url)).toBe("");
  const text = await readFile(workplace.path("metrics"), "utf8");
  expect(text).toMatch(/^promfleet_gateway_http_requests_total\{handler="query",code="200"\} [1-9]/m);
  expect(text).toMatch(/^promfleet_gateway_queries_total\{way="evaluate"\} [1-9]/m);
  expect(text).toMatch(
    /^promfleet_gateway_replica_requests_total\{shard="1",server="fleet-1-a",outcome="succeeded"\} [1-9]/m,
  );
  expect(text).toMatch(/^promfleet_gateway_evaluator_up 1$/m);
  const [, late] = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text) ?? [];
  expect(Number(late)).toBeLessThan(1);
});

/** The tables of docs/reference/metrics.md, made of what a gateway tells. */
function metricsTables(page: string): string {
  const labels = new Map<string, Set<string>>();
  for (const [, name = "", text = ""] of page.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const of = labels.get(name.replace(/_(?:bucket|sum|count)$/, "")) ?? new Set();
    labels.set(name.replace(/_(?:bucket|sum|count)$/, ""), of);
    for (const [, label = ""] of text.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) if (label !== "le") of.add(label);
  }
  const heads = [...page.matchAll(/^# HELP (\w+) (.*)\n# TYPE \w+ (\w+)$/gm)];
  const rows = heads
    .map(([, name = "", help = "", type = ""]) => {
      const names = [...(labels.get(name) ?? [])].map((label) => `\`${label}\``).join(", ");
      return `| \`${name}\` | ${type} | ${names} | ${help.replaceAll("|", "\\|")} |`;
    })
    .toSorted();
  return `| metric | type | labels | |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

// UPDATE_GOLDEN=1 writes the tables anew
test("docs/reference/metrics.md has every metric, with its labels and what it means, and no other", async () => {
  const file = path.join(checkout, "docs/reference/metrics.md");
  const tables = metricsTables(await metricsPage(gateway.url));
  const [before = ""] = (await readFile(file, "utf8")).split(/^(?=\| metric)/m);
  if (process.env["UPDATE_GOLDEN"]) await writeFile(file, `${before}${tables}`);
  expect(await readFile(file, "utf8")).toBe(`${before}${tables}`);
});

test("a topology is followed live, and a broken one is not, which a metric tells", async () => {
  const count = async () => {
    const { body } = await post(`${gateway.url}/api/v1/query`, { query: "count(m)" });
    return /"(\d+)"\]/.exec(body.toString())?.[1];
  };
  const good = async () =>
    /^promfleet_gateway_topology_good (\d)$/m.exec(await metricsPage(gateway.url))?.[1];
  const replace = async (text: string) => {
    await writeFile(`${gateway.topologyFile}.new`, text);
    await rename(`${gateway.topologyFile}.new`, gateway.topologyFile);
  };
  expect([await count(), await good()]).toEqual(["10", "1"]);
  await replace(topologyText(fleet.urls.slice(0, 1), "3.16"));
  await until("one shard is asked", 5000, async () => (await count()) === "5");
  await replace("{");
  await until("the metric tells", 5000, async () => (await good()) === "0");
  expect(await count()).toBe("5");
  await replace(topologyText(fleet.urls, "3.16"));
  await until("both shards are asked", 5000, async () => (await count()) === "10");
  expect(await good()).toBe("1");
  const log = await readFile(gateway.log, "utf8");
  expect(log).toContain("follows version");
  expect(log).toContain("[INPUT_SYNTAX]");
  expect(log).not.toMatch(/^\s+at /m);
});

test("the command says in words what is wrong, with the right exit code", async () => {
  const absent = await promfleet(["gateway", "--topology", workplace.path("absent.json")]);
  expect([absent.code, absent.stderr]).toEqual([6, expect.stringContaining("[FILE_ABSENT]")]);
  await writeFile(workplace.path("broken.json"), '{"shards": []}');
  const broken = await promfleet(["gateway", "--topology", workplace.path("broken.json")]);
  expect([broken.code, broken.stderr]).toEqual([3, expect.stringContaining("[TOPOLOGY_INVALID]")]);
  const { host } = new URL(gateway.url);
  const state = workplace.path("state-of-second");
  const taken = await promfleet([
    "gateway",
    "--topology",
    gateway.topologyFile,
    "--listen",
    host,
    "--state",
    state,
  ]);
  expect([taken.code, taken.stderr]).toEqual([5, expect.stringContaining("[PORT_TAKEN]")]);
  const wrong = await promfleet(["gateway", "--topology", gateway.topologyFile, "--listen", "nowhere"]);
  expect(wrong.code).toBe(2);
});

test("ends whole on SIGTERM, and its evaluator with it", async () => {
  expect(evaluators()).toHaveLength(1);
  process.kill(gateway.pid, "SIGTERM");
  expect(await gateway.process.ended).toBe(0);
  expect(evaluators()).toEqual([]);
  expect((await readFile(gateway.log, "utf8")).trim().split("\n").at(-1)).toContain("is being stopped");
});
