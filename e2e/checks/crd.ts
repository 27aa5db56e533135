import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { PromfleetError } from "../../src/errors/promfleet-error.ts";
import { isMap, type LiveObject, listAt, numberAt, textAt } from "../../src/kubernetes/api-object.ts";
import { declaredSpec, declarationOf } from "../../src/operator/declared-fleet.ts";
import { fleetCrd } from "../../src/render/kubernetes/crd/fleet-crd.ts";
import type { FleetSpec } from "../../src/spec/fleet-spec.ts";
import { parseFleet } from "../../src/spec/parse-fleet.ts";
import { type RefusedObject, refusedObjects } from "../crd/refused-objects.ts";
import { onlyTheOperatorRefuses } from "../crd/operator-only.ts";
import { ApiServer, type Heard } from "../harness/api-server.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { until } from "../harness/until.ts";
import { checkout, Workplace } from "../harness/workplace.ts";

/** Bytes that an annotation may have, which kubectl makes of the whole object when it applies by itself. */
const annotationBytes = 262_144;
const testdata = path.join(checkout, "src/spec/testdata");
const crdFile = path.join(checkout, "charts/promfleet/crds/prometheusfleets.yaml");
const fleets = "/apis/promfleet.dev/v1alpha1/namespaces/default/prometheusfleets";

export const crd: Check = {
  name: "crd",
  claim:
    "a real API server takes the definition of PrometheusFleet, every fleet.yaml that promfleet takes, and refuses what is wrong with the name of the field",
  bothVersions: false,
  // its programs take minutes to be made
  soakOnly: true,
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

/** What is stored reads as the file reads: nothing is pruned, nothing is changed, nothing but the number of shards is filled in. */
async function claimGoodFiles(server: ApiServer, report: CheckContext["report"]): Promise<void> {
  const files = filesOf("good");
  const wrongs: string[] = [];
  for (const file of files) {
    const text = readFileSync(path.join(testdata, file), "utf8");
    const { spec } = parseFleet(text, file);
    const { code, stderr } = await server.kubectl(["apply", "--server-side", "-f", "-"], text);
    if (code !== 0) {
      wrongs.push(`${file}: ${stderr.trim()}`);
      continue;
    }
    const { body } = await server.ask("GET", `${fleets}/${spec.name}`);
    const stored = storedSpec(body);
    if (!isDeepStrictEqual(stored, spec))
      wrongs.push(`${file} is stored as something else: ${differs(stored, spec)}`);
    await server.ask("DELETE", `${fleets}/${spec.name}`);
  }
  report.claim(
    `every fleet.yaml that promfleet takes is taken, and reads the same from there (${files.length} files)`,
    wrongs.length === 0,
    wrongs.join("; "),
  );
  const smallest = await apply(server, "smallest", objectText("smallest", "{}"));
  const filled = JSON.stringify(isMap(smallest.body) ? smallest.body["spec"] : undefined);
  report.claim("nothing but the number of shards is filled in", filled === '{"shards":1}', filled);
}

/** Of each file that promfleet refuses: the API server refuses it for one of the same fields. */
async function claimBadFiles(server: ApiServer, report: CheckContext["report"]): Promise<void> {
  const wrongs: string[] = [];
  const left: string[] = [];
  let refused = 0;
  for (const file of filesOf("bad")) {
    const text = readFileSync(path.join(testdata, file), "utf8");
    const complaints = refusalOf(text)?.complaints ?? [];
    // a text that is no YAML, not one that promfleet reads, no object, or another one, never gets to this definition
    if (
      complaints.some(
        ({ code, message }) => code.startsWith("INPUT_") || /^(?:the file|kind) is/.test(message),
      )
    )
      continue;
    const applied = await server.kubectl(["apply", "--server-side", "--dry-run=server", "-f", "-"], text);
    const why = onlyTheOperatorRefuses[file];
    if (why !== undefined) {
      left.push(`${file} (${why})`);
      if (applied.code !== 0) wrongs.push(`${file} is refused after all: ${applied.stderr.trim()}`);
      continue;
    }
    refused++;
    const said = withoutPlaces(applied.stderr);
    if (applied.code === 0) wrongs.push(`${file} is taken`);
    else if (!complaints.some(({ message }) => namesOneOf(said, fieldsIn(message))))
      wrongs.push(`${file}: ${said.trim()}`);
  }
  report.claim(
    `every fleet.yaml that promfleet refuses is refused, with a field of it (${refused} files)`,
    refused > 0 && wrongs.length === 0,
    wrongs.join("; "),
  );
  report.figure("what only the operator refuses, on the status", left.join(", ") || "nothing");
}

const inOneLine = (said: string): string => said.replaceAll("\n", " ");

/** An item of a list is named by its place or by its key. */
const withoutPlaces = (said: string): string => said.replaceAll(/\[[^\][]*\]/g, "[]");

/** "spec.rules[].rules[]", "spec.rules[]", "spec.rules" of what is wrong in spec.rules[0].rules[1]; and keys that nobody knows. */
function fieldsIn(message: string): string[] {
  const found = /\b(?:spec|metadata)\.[^\s;:,]+|\b(?:kind|apiVersion)\b/.exec(message)?.[0];
  const key = /unknown key "([^"]+)"/.exec(message)?.[1];
  const steps = found?.replaceAll(/\[\d+\]/g, "[]").split(".") ?? [];
  const ways = steps.map((_, index) => steps.slice(0, index + 1).join(".")).slice(1);
  return [
    ...ways,
    ...ways.map((way) => way.replace(/\[\]$/, "")),
    ...(steps.length === 1 ? steps : []),
    ...(key === undefined ? [] : [key]),
  ];
}

function namesOneOf(said: string, fields: readonly string[]): boolean {
  // what is wrong with several fields names none
  return fields.length === 0 ? /\bspec\./.test(said) : fields.some((field) => said.includes(field));
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
  await apply(server, "smallest/status", text);
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
  for (const name of ["app", "db"]) await apply(server, "shared", jobAndGroup(name), "", `team-${name}`);
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
    await apply(server, "shared/status", JSON.stringify(condition(type)), "", type.toLowerCase());
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

const objectText = (name: string, spec: string): string =>
  `apiVersion: promfleet.dev/v1alpha1\nkind: PrometheusFleet\nmetadata: { name: ${name} }\nspec: ${spec}\n`;

/** As `kubectl apply --server-side` sends it: the text is read by the API server, and no key may be unknown. */
async function apply(
  server: ApiServer,
  name: string,
  text: string,
  query = "",
  manager = "e2e",
): Promise<Heard> {
  return await server.ask(
    "PATCH",
    `${fleets}/${name}?fieldManager=${manager}&fieldValidation=Strict&force=true${query}`,
    { type: "application/apply-patch+yaml", text },
  );
}

function filesOf(kind: "good" | "bad"): string[] {
  return readdirSync(testdata).filter((file) => file.endsWith(`.${kind}.yaml`));
}

function refusalOf(text: string): PromfleetError | undefined {
  try {
    parseFleet(text, "fleet.yaml");
    return undefined;
  } catch (error) {
    if (error instanceof PromfleetError) return error;
    throw error;
  }
}

function storedSpec(body: unknown): FleetSpec {
  return declaredSpec(declarationOf(body as LiveObject));
}

function messageOf({ body }: Heard): string {
  return textAt(body, "message") ?? (typeof body === "string" ? body : JSON.stringify(body));
}

function differs(one: FleetSpec, other: FleetSpec): string {
  const keys = Object.keys(other) as (keyof FleetSpec)[];
  const key = keys.find((name) => !isDeepStrictEqual(one[name], other[name]));
  return key === undefined ? "?" : `${key}: ${JSON.stringify(one[key])} for ${JSON.stringify(other[key])}`;
}
