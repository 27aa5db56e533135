import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, it } from "vitest";
import { planFleet } from "../../plan/plan-fleet.ts";
import { prometheusFeatures } from "../../plan/prometheus-version.ts";
import { parseFleet } from "../../spec/parse-fleet.ts";
import { yamlText } from "../../spec/yaml-text.ts";
import { bytesOf, goMemoryLimit } from "./pod-parts.ts";
import { objectFiles, renderKubernetes } from "./render-kubernetes.ts";

// UPDATE_GOLDEN=1 writes them anew; then read the difference.
const update = Boolean(process.env["UPDATE_GOLDEN"]);

const versions = { prometheus: "3.16.0", promfleet: "0.1.0" };

function rendered(text: string) {
  const { spec, positionOf } = parseFleet(text, "fleet.yaml");
  return renderKubernetes(planFleet(spec, positionOf), { features: prometheusFeatures("3.16.0"), versions });
}

const minimal = "apiVersion: promfleet.dev/v1alpha1\nkind: PrometheusFleet\nmetadata: {name: main}\n";

it.each(["one-pair", "shards"])("renders the objects of %s as it did before", async (name) => {
  const folder = path.join(import.meta.dirname, "../testdata", name);
  const text = objectsText(rendered(await readFile(path.join(folder, "fleet.yaml"), "utf8")));
  const expected = path.join(import.meta.dirname, "testdata", `${name}.yaml`);
  if (update) await writeFile(expected, text);
  expect(text).toBe(await readFile(expected, "utf8"));
});

const objectsText = (objects: readonly unknown[]): string =>
  objects.map((one) => yamlText(one)).join("---\n");

it("all replicas of a shard but one stay, whoever drains nodes", () => {
  const budgets = rendered(`${minimal}spec: {shards: 2, replicas: 3}\n`).filter(
    ({ kind, metadata }) => kind === "PodDisruptionBudget" && metadata.name !== "main-gateway",
  );
  expect(budgets.map(({ metadata, spec }) => [metadata.name, spec])).toMatchObject([
    ["main-0", { minAvailable: 2, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    ["main-1", { minAvailable: 2, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
  ]);
});

it("replicas have the same configuration, and every container says what it may use", () => {
  const objects = rendered(`${minimal}spec: {shards: 2, prometheus: {resources: {limits: {memory: 4Gi}}}}\n`);
  const data = (name: string) =>
    objects.find(({ kind, metadata }) => kind === "Secret" && metadata.name === name)?.["stringData"];
  expect(data("main-0-a")).toEqual(data("main-0-b"));
  expect(data("main-0-a")).not.toEqual(data("main-1-a"));
  const text = JSON.stringify(objects.find(({ kind }) => kind === "StatefulSet"));
  expect(text).toContain('"limits":{"memory":"4Gi"}');
  expect(text).toContain(`{"name":"GOMEMLIMIT","value":"${Math.floor(0.9 * 4 * 1024 ** 3)}"}`);
});

it("nothing is a secret but in a Secret", () => {
  const secret = "s3cret";
  const objects = rendered(
    `${minimal}spec: {longTerm: {remoteWrite: [{url: "http://receiver/write", basic_auth: {username: u, password: ${secret}}}]}}\n`,
  );
  const holding = objects.filter((object) => JSON.stringify(object).includes(secret));
  expect(holding.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    "Secret main-0-a",
    "Secret main-0-b",
  ]);
  const modes = objectFiles(objects).filter(({ content }) => content.includes(secret));
  expect(modes.map(({ mode }) => mode)).toEqual([0o600, 0o600]);
});

it.each([
  ["2Gi", 2 * 1024 ** 3],
  ["500M", 500_000_000],
  ["64Ki", 65_536],
  ["1.5G", 1_500_000_000],
  ["1073741824", 1_073_741_824],
  ["1x", undefined],
])("%s is %s bytes", (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

it("a limit that is not understood sets none for Go", () => {
  expect(goMemoryLimit(undefined)).toBeUndefined();
  expect(goMemoryLimit("1Gi")).toBe(String(Math.floor(1024 ** 3 * 0.9)));
});
