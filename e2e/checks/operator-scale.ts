import { readFileSync } from "node:fs";
import { listAt, textAt } from "../../src/kubernetes/api-object.ts";
import { ApiServer } from "../harness/api-server.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { ask } from "../harness/http.ts";
import { start } from "../harness/processes.ts";
import { promfleetProgram } from "../harness/promfleet.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

const fleets = 20;
const targets = 1000;
/** MB */
const bound = 150;

export const operatorScale: Check = {
  name: "operator-scale",
  claim:
    "an operator with many fleets stays small, writes nothing while nothing changes, and touches only what a change is about",
  bothVersions: false,
  // its programs take minutes to be made
  soakOnly: true,
  run,
};

/** A real API server without nodes: the objects are real, and no pod comes of them. */
async function run({ report }: CheckContext): Promise<void> {
  await using place = new Workplace("operator-scale");
  await using server = await ApiServer.start(place.path("api-server"));
  const crd = await server.kubectl([
    "apply",
    "--server-side",
    "-f",
    "charts/promfleet/crds/prometheusfleets.yaml",
  ]);
  if (!report.claim("the definition is taken", crd.code === 0, crd.stderr.trim())) return;
  await server.kubectl(["create", "namespace", "fleets"]);
  const log = place.path("operator.log");
  const operator = start(
    promfleetProgram,
    ["operator", `--kubeconfig=${server.kubeconfig}`, "--lease-namespace=fleets", "--listen=127.0.0.1:0"],
    { log },
  );
  try {
    const port = await until(
      "the operator listens",
      30_000,
      () => /metrics at port (\d+)/.exec(readFileSync(log, "utf8"))?.[1],
    );
    const metrics = async () => await countsOf(`http://127.0.0.1:${port}/metrics`);
    const began = performance.now();
    const text = Array.from({ length: fleets }, (_, index) => fleetText(index, "2s")).join("---\n");
    await server.kubectl(["apply", "--server-side", "-n", "fleets", "-f", "-"], text);
    const servers = fleets * 4;
    await until(
      "every fleet has its objects",
      180_000,
      async () => (await countOf(server, "statefulsets")) === servers,
    );
    report.claim(
      `${fleets} fleets, ${servers} servers, ${targets} targets: all objects are there`,
      (await countOf(server, "statefulsets")) === servers,
      `after ${((performance.now() - began) / 1000).toFixed(1)} s`,
    );
    // the last statuses are being written
    await until("it has come to rest", 120_000, async () => {
      const before = writes(await metrics());
      await untilElapsed(3000);
      return sum(writes(await metrics())) === sum(before);
    });
    const calm = await metrics();
    const looked = calm.get("promfleet_operator_reconciles_total") ?? 0;
    await until("it has looked at all of them again, twice", 120_000, async () => {
      const now = (await metrics()).get("promfleet_operator_reconciles_total") ?? 0;
      return now - looked >= 2 * fleets;
    });
    const after = await metrics();
    const written = sum(writes(after)) - sum(writes(calm));
    report.claim(
      "nothing is written while nothing changes",
      written === 0,
      `${written} writes in ${(after.get("promfleet_operator_reconciles_total") ?? 0) - looked} looks, ${sum(reads(after)) - sum(reads(calm))} reads`,
    );
    const versions = await versionsOf(server);
    await server.kubectl(["apply", "--server-side", "-n", "fleets", "-f", "-"], fleetText(7, "3s"));
    await until("its servers have their new configuration", 60_000, async () => {
      const now = await versionsOf(server);
      const secrets = [...now].filter(([name]) => /^secrets\/f7-\d-\w$/.test(name));
      return secrets.every(([name, version]) => versions.get(name) !== version);
    });
    const now = await versionsOf(server);
    const touched = [...now]
      .filter(([name, version]) => versions.get(name) !== version)
      .map(([name]) => name);
    report.claim(
      "another scrape interval of one fleet touches the configuration of its servers, and nothing else",
      touched.length === 4 && touched.every((name) => /^secrets\/f7-\d-\w$/.test(name)),
      `${touched.join(", ")}; calls: ${callText(after, await metrics())}`,
    );
    const memory = ((await metrics()).get("process_resident_memory_bytes") ?? 0) / 1024 ** 2;
    report.claim(
      `it stays under ${bound} MB`,
      memory > 0 && memory < bound,
      `${memory.toFixed(0)} MB resident`,
    );
  } finally {
    await operator.kill();
  }
}

function fleetText(index: number, interval: string): string {
  const own = targets / fleets;
  const addresses = Array.from({ length: own }, (_, target) => `"10.${index}.0.${target}:9100"`);
  return `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: { name: f${index} }
spec:
  shards: 2
  prometheus: { scrapeInterval: ${interval} }
  scrapeConfigs:
    - job_name: nodes
      static_configs: [{ targets: [${addresses.join(", ")}] }]
`;
}

async function countsOf(url: string): Promise<Map<string, number>> {
  const { body } = await ask(url);
  const lines = body
    .toString()
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [
      line.slice(0, line.lastIndexOf(" ")),
      Number(line.slice(line.lastIndexOf(" ") + 1)),
    ]),
  );
}

const calls = (metrics: ReadonlyMap<string, number>, verbs: RegExp): Map<string, number> =>
  new Map(
    [...metrics].filter(
      ([name]) =>
        name.startsWith("promfleet_operator_api_calls_total") &&
        verbs.test(name) &&
        !name.includes('"leases"'),
    ),
  );
const writes = (metrics: ReadonlyMap<string, number>) =>
  calls(metrics, /verb="(create|update|patch|delete)"/);
const reads = (metrics: ReadonlyMap<string, number>) => calls(metrics, /verb="(get|list)"/);
const sum = (counts: ReadonlyMap<string, number>) =>
  [...counts.values()].reduce((total, one) => total + one, 0);

/** Calls between two moments, as people say them. */
function callText(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string {
  return [...calls(now, /./)]
    .map(([name, count]) => ({ name, more: count - (before.get(name) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(
      ({ name, more }) => `${/verb="(\w+)"/.exec(name)?.[1]} ${/resource="([^"]+)"/.exec(name)?.[1]} ${more}`,
    )
    .join(", ");
}

async function countOf(server: ApiServer, resource: string): Promise<number> {
  const { stdout } = await server.kubectl(["get", resource, "-n", "fleets", "-o", "name"]);
  return stdout.split("\n").filter((line) => line !== "").length;
}

/** resourceVersions of everything that the operator makes, by kind and name. */
async function versionsOf(server: ApiServer): Promise<Map<string, string>> {
  const resources = [
    "secrets",
    "services",
    "statefulsets",
    "deployments",
    "poddisruptionbudgets",
    "networkpolicies",
  ];
  const found = new Map<string, string>();
  for (const resource of resources) {
    const { stdout } = await server.kubectl(["get", resource, "-n", "fleets", "-o", "json"]);
    for (const item of listAt(JSON.parse(stdout), "items")) {
      const name = textAt(item, "metadata", "name") ?? "";
      found.set(`${resource}/${name}`, textAt(item, "metadata", "resourceVersion") ?? "");
    }
  }
  return found;
}
