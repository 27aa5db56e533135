import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import { isMap, listAt, mapAt, numberAt, textAt } from "../../src/kubernetes/api-object.ts";
import { kinds } from "../../src/kubernetes/resource-kinds.ts";
import { callsIn, callText, granted } from "../chart/granted.ts";
import { ApiServer } from "../harness/api-server.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { ask } from "../harness/http.ts";
import { start } from "../harness/processes.ts";
import { cachedProgram } from "../harness/programs.ts";
import { promfleetProgram, type Ran, run as runProgram } from "../harness/promfleet.ts";
import { until } from "../harness/until.ts";
import { checkout, Workplace } from "../harness/workplace.ts";

const chartFolder = path.join(checkout, "charts/promfleet");
const own = path.join(checkout, "e2e/chart");
const everyValue = path.join(own, "every-value.yaml");
const namespace = "promfleet";
const name = "promfleet-operator";

export const chart: Check = {
  name: "chart",
  claim:
    "the chart is what Helm and a real API server take, its pod is admitted by the restricted level, and an operator with the rights of the chart makes all of a fleet",
  bothVersions: false,
  // its programs take minutes to be made
  soakOnly: true,
  run,
};

async function run({ report }: CheckContext): Promise<void> {
  await using place = new Workplace("chart");
  const helm = new Helm(place.path("helm"));
  for (const values of [[], ["-f", everyValue]]) {
    const linted = await helm.run("lint", "--strict", chartFolder, ...values);
    report.claim(
      `helm lint ${values.length === 0 ? "" : "with every value"}`,
      linted.code === 0,
      lastLines(linted),
    );
  }
  const { version } = JSON.parse(readFileSync(path.join(checkout, "package.json"), "utf8")) as {
    version: string;
  };
  const told = await helm.run("show", "chart", chartFolder);
  const stated = /^appVersion: (\S+)$/m.exec(told.stdout)?.[1];
  report.claim("its version is that of promfleet", stated === version, stated);
  await claimGolden(helm, report, "default.yaml", []);
  await claimGolden(helm, report, "every-value.yaml", ["-f", everyValue]);
  for (const wrong of [
    "replicas=two",
    "watchNamespaces[0]=Not_A_Name",
    "replica=1",
    "image.pullPolicy=Sometimes",
  ]) {
    const ran = await helm.template("--set", wrong);
    const [key = ""] = wrong.split(/[[=]/);
    report.claim(
      `refused: --set ${wrong}`,
      ran.code !== 0 && ran.stderr.includes(key.split(".")[0] ?? key),
      lastLines(ran),
    );
  }
  await using server = await ApiServer.start(place.path("api-server"));
  helm.kubeconfig = server.kubeconfig;
  await claimInstalled(helm, server, report);
  await claimRights(server, report, place, undefined);
  const upgraded = await helm.run(
    "upgrade",
    "promfleet",
    chartFolder,
    "-n",
    namespace,
    "--set",
    "watchNamespaces={watched}",
    "--wait=hookOnly",
  );
  report.claim("helm upgrade to one namespace", upgraded.code === 0, lastLines(upgraded));
  await claimRights(server, report, place, "watched");
  await claimUninstalled(helm, server, report);
}

class Helm {
  readonly #folder: string;
  kubeconfig: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async run(...args: readonly string[]): Promise<Ran> {
    const home = (part: string): string => path.join(this.#folder, part);
    const env = {
      HELM_CACHE_HOME: home("cache"),
      HELM_CONFIG_HOME: home("config"),
      HELM_DATA_HOME: home("data"),
      KUBECONFIG: this.kubeconfig ?? "/dev/null",
    };
    return await runProgram([cachedProgram("helm"), ...args], { env });
  }

  async template(...args: readonly string[]): Promise<Ran> {
    return await this.run("template", "promfleet", chartFolder, "-n", namespace, ...args);
  }
}

/** A chart's objects as they are read in a review. UPDATE_GOLDEN=1 writes them anew. */
async function claimGolden(
  helm: Helm,
  report: CheckContext["report"],
  file: string,
  values: readonly string[],
): Promise<void> {
  const { code, stdout, stderr } = await helm.template(...values);
  const expected = path.join(own, "testdata", file);
  if (process.env["UPDATE_GOLDEN"]) await writeFile(expected, stdout);
  const there = existsSync(expected) ? readFileSync(expected, "utf8") : "";
  report.claim(
    `helm template gives e2e/chart/testdata/${file}`,
    code === 0 && stdout === there,
    code === 0 ? `${parseAllDocuments(stdout).length} objects` : stderr.trim(),
  );
}

async function claimInstalled(helm: Helm, server: ApiServer, report: CheckContext["report"]): Promise<void> {
  for (const one of [namespace, "watched", "other"]) await server.kubectl(["create", "namespace", one]);
  await server.kubectl(["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
  const installed = await helm.run("install", "promfleet", chartFolder, "-n", namespace, "--wait=hookOnly");
  if (!report.claim("helm install", installed.code === 0, lastLines(installed))) throw new Error("no chart");
  await until("the kind is known", 20_000, async () => {
    const { status } = await server.ask("GET", "/apis/promfleet.dev/v1alpha1/prometheusfleets");
    return status === 200;
  });
  const { body } = await server.ask("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`);
  // no controller makes pods here: the pod is asked for by hand
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: mapAt(body, "spec", "template", "metadata", "labels") },
    spec: mapAt(body, "spec", "template", "spec"),
  };
  const admitted = await server.ask(
    "POST",
    `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`,
    {
      type: "application/json",
      text: JSON.stringify(pod),
    },
  );
  report.claim(
    "its pod is admitted where only what is restricted is",
    admitted.status === 201,
    textAt(admitted.body, "message") ?? admitted.status,
  );
  const root = { ...pod, spec: { ...pod.spec, securityContext: {} } };
  const refused = await server.ask("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    type: "application/json",
    text: JSON.stringify(root),
  });
  report.claim("and would not be without its security context", refused.status === 403, refused.status);
}

/** An operator with the service account of the chart makes everything of a fleet, and is refused nothing. */
async function claimRights(
  server: ApiServer,
  report: CheckContext["report"],
  place: Workplace,
  watched: string | undefined,
): Promise<void> {
  const where = watched === undefined ? "in all namespaces" : "in one namespace";
  const fleetIn = watched ?? "other";
  const token = await server.kubectl(["create", "token", name, "-n", namespace]);
  const kubeconfig = place.path(`operator-${fleetIn}.conf`);
  await writeFile(kubeconfig, server.kubeconfigFor(token.stdout.trim()), { mode: 0o600 });
  const log = place.path(`operator-${fleetIn}.log`);
  const operator = start(
    promfleetProgram,
    [
      "operator",
      `--kubeconfig=${kubeconfig}`,
      `--lease-namespace=${namespace}`,
      `--lease-name=${name}`,
      "--listen=127.0.0.1:0",
      ...(watched === undefined ? [] : [`--watch-namespaces=${watched}`]),
    ],
    { log },
  );
  try {
    const port = await until(
      "the operator listens",
      30_000,
      () => /metrics at port (\d+)/.exec(readFileSync(log, "utf8"))?.[1],
    );
    await server.kubectl(["apply", "--server-side", "-n", fleetIn, "-f", "-"], fleetText);
    const objects = await until("its objects are there", 60_000, async () => {
      const counts = await countObjects(server, fleetIn);
      return expected.every(([kind, count]) => (counts.get(kind) ?? 0) >= count) ? counts : undefined;
    }).catch(async () => await countObjects(server, fleetIn));
    report.claim(
      `an operator with the rights of the chart makes everything of a fleet, ${where}`,
      expected.every(([kind, count]) => (objects.get(kind) ?? 0) >= count),
      [...objects].map(([kind, count]) => `${count} ${kind}`).join(", "),
    );
    const status = await until("its status is written", 10_000, async () => {
      const { body } = await server.ask("GET", `${fleetsOf(fleetIn)}/main`);
      return numberAt(body, "status", "observedGeneration") === undefined ? undefined : body;
    }).catch(() => undefined);
    const replicas = numberAt(status, "status", "replicas");
    report.claim(
      "and writes its status as the schema has it",
      replicas === 2,
      JSON.stringify(mapAt(status, "status")).slice(0, 300),
    );
    const allowed = await allowedHere(server, watched);
    const calls = callsIn((await ask(`http://127.0.0.1:${port}/metrics`)).body.toString());
    const beyond = calls.map(callText).filter((call) => !allowed.includes(call) && call !== "list nodes");
    const said = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => /forbidden|cannot |can not be watched/i.test(line));
    report.claim(
      `every call that it made is one that the chart allows, ${where}`,
      calls.length > 10 && beyond.length === 0 && said.length === 0,
      [`${calls.length} kinds of calls`, ...beyond, ...said.slice(0, 3)].join("; "),
    );
    const made = new Set(calls.map(callText));
    report.figure("allowed, and not done here", allowed.filter((one) => !made.has(one)).join(", "));
    if (watched !== undefined) await claimNothingElse(server, report);
  } finally {
    await operator.kill();
    await server.kubectl(["delete", "pfleet", "main", "-n", fleetIn, "--wait=false"]);
  }
}

async function claimNothingElse(server: ApiServer, report: CheckContext["report"]): Promise<void> {
  const account = `system:serviceaccount:${namespace}:${name}`;
  const asked = await Promise.all(
    ["other", "kube-system"].flatMap((one) =>
      ["list secrets", "create pods", "list prometheusfleets"].map(async (call) => {
        const ran = await server.kubectl(["auth", "can-i", ...call.split(" "), "-n", one, `--as=${account}`]);
        return ran.stdout.trim() === "no" ? [] : [`${call} in ${one}`];
      }),
    ),
  );
  report.claim(
    "in no other namespace it may do anything",
    asked.flat().length === 0,
    asked.flat().join(", "),
  );
}

async function claimUninstalled(
  helm: Helm,
  server: ApiServer,
  report: CheckContext["report"],
): Promise<void> {
  await server.kubectl(["apply", "--server-side", "-n", "other", "-f", "-"], fleetText);
  const ran = await helm.run("uninstall", "promfleet", "-n", namespace);
  const { status, body } = await server.ask("GET", `${fleetsOf("other")}/main`);
  report.claim(
    "helm uninstall takes the operator and leaves the fleets",
    ran.code === 0 && status === 200 && textAt(body, "metadata", "name") === "main",
    lastLines(ran),
  );
  const left = await server.kubectl([
    "get",
    "clusterroles,clusterrolebindings",
    "-l",
    "app.kubernetes.io/name=promfleet",
    "-o",
    "name",
  ]);
  report.claim("and no rights", left.stdout.trim() === "", left.stdout.trim());
}

/** What there has to be at least of the fleet of this check. */
const expected = [
  ["StatefulSet", 4],
  ["Secret", 4],
  ["Service", 4],
  ["PodDisruptionBudget", 2],
  ["NetworkPolicy", 2],
  ["ServiceAccount", 1],
  ["Role", 1],
  ["RoleBinding", 1],
] as const;

async function countObjects(server: ApiServer, from: string): Promise<Map<string, number>> {
  const names = new Set<string>(expected.map(([kind]) => kind));
  const resources = Object.values(kinds)
    .filter(({ kind }) => names.has(kind))
    .map(({ plural }) => plural);
  const listed = await server.kubectl([
    "get",
    resources.join(","),
    "-n",
    from,
    "-l",
    "app.kubernetes.io/managed-by=promfleet,app.kubernetes.io/instance=main",
    "-o",
    "json",
  ]);
  const counts = new Map<string, number>();
  const list: unknown = JSON.parse(listed.stdout || "{}");
  for (const item of listAt(list, "items")) {
    const kind = textAt(item, "kind") ?? "";
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** What the rights that stand in the API server allow. */
async function allowedHere(server: ApiServer, watched: string | undefined): Promise<string[]> {
  const groups = "/apis/rbac.authorization.k8s.io/v1";
  const paths = [
    `${groups}/namespaces/${namespace}/roles/${name}-leader`,
    watched === undefined
      ? `${groups}/clusterroles/${name}`
      : `${groups}/namespaces/${watched}/roles/${name}`,
  ];
  const roles = await Promise.all(paths.map(async (one) => (await server.ask("GET", one)).body));
  return [...new Set(granted(roles.filter(isMap)).map(callText))];
}

const fleetsOf = (one: string): string => `/apis/promfleet.dev/v1alpha1/namespaces/${one}/prometheusfleets`;

const lastLines = ({ stdout, stderr }: Ran): string =>
  (stderr.trim() || stdout.trim()).split("\n").slice(-3).join(" ");

/** It discovers its targets by the API server, so that it needs rights of its own. */
const fleetText = `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: { name: main }
spec:
  shards: 2
  replicas: 2
  scrapeConfigs:
    - job_name: pods
      kubernetes_sd_configs: [{ role: pod }]
`;
