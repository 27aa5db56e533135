import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { listAt, numberAt, textAt } from "../../src/kubernetes/api-object.ts";
import { fleetCrd } from "../../src/render/kubernetes/crd/fleet-crd.ts";
import { claimBadFiles, claimGoodFiles, inOneLine, refusalOf, withoutPlaces } from "../crd/declared-files.ts";
import { type RefusedObject, refusedObjects } from "../crd/refused-objects.ts";
import { applyFleet, fleets, objectText } from "../crd/fleet-requests.ts";
import { ApiServer } from "../harness/api-server.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { until } from "../harness/until.ts";
import { checkout, Workplace } from "../harness/workplace.ts";

/** Bytes that an annotation may have, which kubectl makes of the whole object when it applies by itself. */
const annotationBytes = 262_144;
const crdFile = path.join(checkout, "charts/promfleet/crds/prometheusfleets.yaml");

export const crd: Check = {
  name: "crd",
  claim:
    "a real API server takes the definition of PrometheusFleet, every fleet.yaml that promfleet takes, and refuses what is wrong with the name of the field",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run({ report }: CheckContext): Promise<void> {
  await using place = new Workplace("crd");
  await using server = await ApiServer.start(place.path("api-server"));
  if (!(await claimTaken(server, report))) return;
  await claimGoodFiles(server, report);
  await claimBadFiles(server, report);
  for (const refused of refusedObjects) await claimRefused(server, report, refused);
  await claimScale(server, report);
  await claimShared(server, report);
}

/** @returns whether there is a definition to go on with */
async function claimTaken(server: ApiServer, report: CheckContext["report"]): Promise<boolean> {
  const bytes = Buffer.byteLength(JSON.stringify(fleetCrd()));
  report.claim(`the definition has fewer than ${annotationBytes} bytes`, bytes < annotationBytes, bytes);
  const applied = await server.kubectl(["apply", "--server-side", "-f", crdFile]);
  if (!report.claim("kubectl applies it", applied.code === 0, (applied.stdout + applied.stderr).trim()))
    return false;
  let conditions: readonly unknown[] = [];
  const established = await until("it is established", 20_000, async () => {
    const { body } = await server.ask(
      "GET",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/prometheusfleets.promfleet.dev",
    );
    conditions = listAt(body, "status", "conditions");
    const stands = conditions.some(
      (one) => textAt(one, "type") === "Established" && textAt(one, "status") === "True",
    );
    return stands && (await server.ask("GET", fleets)).status === 200;
  }).catch(() => false);
  const said = conditions.map((one) => `${textAt(one, "type")}=${textAt(one, "status")}`).join(" ");
  const wrong = conditions.filter((one) => textAt(one, "type") === "NonStructuralSchema");
  report.claim("it is established, and structural", established && wrong.length === 0, said);
  const again = await server.kubectl(["apply", "-f", crdFile]);
  report.claim(
    "kubectl can apply it by itself, too",
    again.code === 0,
    (again.code === 0 ? again.stdout : again.stderr).trim(),
  );
  return established;
}

/** Refused as it is created, and as it is applied, which says it in other words. */
async function claimRefused(
  server: ApiServer,
  report: CheckContext["report"],
  { what, name = "main", spec, says }: RefusedObject,
): Promise<void> {
  const text = objectText(name, spec);
  const ways = [["create"], ["apply", "--server-side"]];
  const wrongs: string[] = [];
  for (const way of ways) {
    const { code, stderr } = await server.kubectl([...way, "--dry-run=server", "-f", "-"], text);
    if (code === 0) wrongs.push(`kubectl ${way[0]} takes it`);
    else if (![inOneLine(stderr), withoutPlaces(inOneLine(stderr))].some((said) => says.test(said)))
      wrongs.push(stderr.trim());
  }
  if (refusalOf(text) === undefined) wrongs.push("a reader of fleet.yaml takes it");
  report.claim(`refused: ${what}`, wrongs.length === 0, wrongs.join("; "));
}

async function claimScale(server: ApiServer, report: CheckContext["report"]): Promise<void> {
  const scaled = await server.kubectl(["scale", "prometheusfleet/smallest", "--replicas=3"]);
  const live = await server.ask("GET", `${fleets}/smallest`);
  const shards = numberAt(live.body, "spec", "shards");
  report.claim(
    "kubectl scale sets the shards",
    scaled.code === 0 && shards === 3,
    `${shards} ${scaled.stderr.trim()}`,
  );
  const many = await server.kubectl(["scale", "prometheusfleet/smallest", "--replicas=65"]);
  report.claim(
    "and no more than there can be",
    many.code !== 0 && /spec\.shards/.test(many.stderr),
    many.stderr.trim(),
  );
  const selector = "promfleet.dev/replica=a";
  const status = { shards: 2, replicas: 2, selector, observedGeneration: 1 };
  const text = JSON.stringify({ ...identity("smallest"), status });
  await applyFleet(server, "smallest/status", text);
  const scale = await server.ask("GET", `${fleets}/smallest/scale`);
  const told = [numberAt(scale.body, "status", "replicas"), textAt(scale.body, "status", "selector")];
  report.claim(
    "who scales by it sees the shards that there are, and one pod of each",
    isDeepStrictEqual(told, [2, selector]),
    JSON.stringify(told),
  );
}

/** Jobs, groups and conditions have owners of their own. */
async function claimShared(server: ApiServer, report: CheckContext["report"]): Promise<void> {
  for (const name of ["app", "db"]) await applyFleet(server, "shared", jobAndGroup(name), `team-${name}`);
  const { body } = await server.ask("GET", `${fleets}/shared`);
  const jobs = listAt(body, "spec", "scrapeConfigs").map((one) => textAt(one, "job_name"));
  const groups = listAt(body, "spec", "rules").map((one) => textAt(one, "name"));
  report.claim(
    "two who apply a job and a group each have both",
    isDeepStrictEqual(
      [jobs, groups],
      [
        ["app", "db"],
        ["app", "db"],
      ],
    ),
    JSON.stringify([jobs, groups]),
  );
  for (const type of ["Ready", "Degraded"])
    await applyFleet(server, "shared/status", JSON.stringify(condition(type)), type.toLowerCase());
  const printed = await server.kubectl(["get", "pfleet", "shared", "-o", "wide"]);
  report.claim(
    "kubectl get shows what it is about",
    /NAME +SHARDS +REPLICAS +SERVERS +READY/.test(printed.stdout) && /shared +1 .*True/.test(printed.stdout),
    printed.stdout.trim(),
  );
}

const identity = (name: string) => ({
  apiVersion: "promfleet.dev/v1alpha1",
  kind: "PrometheusFleet",
  metadata: { name },
});

const condition = (type: string) => ({
  ...identity("shared"),
  status: {
    conditions: [
      { type, status: "True", reason: "R", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
    ],
  },
});

const jobAndGroup = (name: string): string =>
  objectText("shared", `{ scrapeConfigs: [{ job_name: ${name} }], rules: [{ name: ${name}, rules: [] }] }`);
