import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { PromfleetError } from "../../src/errors/promfleet-error.ts";
import { isMap, type LiveObject } from "../../src/kubernetes/api-object.ts";
import { declaredSpec, declarationOf } from "../../src/operator/declared-fleet.ts";
import type { FleetSpec } from "../../src/spec/fleet-spec.ts";
import { parseFleet } from "../../src/spec/parse-fleet.ts";
import type { ApiServer } from "../harness/api-server.ts";
import type { CheckContext } from "../harness/check.ts";
import { checkout } from "../harness/workplace.ts";
import { applyFleet, fleets, objectText } from "./fleet-requests.ts";
import { onlyTheOperatorRefuses } from "./operator-only.ts";

const testdata = path.join(checkout, "src/spec/testdata");

/** What is stored reads as the file reads: nothing is pruned, nothing is changed, nothing but the number of shards is filled in. */
export async function claimGoodFiles(server: ApiServer, report: CheckContext["report"]): Promise<void> {
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
  const smallest = await applyFleet(server, "smallest", objectText("smallest", "{}"));
  const filled = JSON.stringify(isMap(smallest.body) ? smallest.body["spec"] : undefined);
  report.claim("nothing but the number of shards is filled in", filled === '{"shards":1}', filled);
}

/** Of each file that promfleet refuses: the API server refuses it for one of the same fields. */
export async function claimBadFiles(server: ApiServer, report: CheckContext["report"]): Promise<void> {
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

export const inOneLine = (said: string): string => said.replaceAll("\n", " ");

/** An item of a list is named by its place or by its key. */
export const withoutPlaces = (said: string): string => said.replaceAll(/\[[^\][]*\]/g, "[]");

/** Of "spec.rules[0].rules[1].expr is …": the field without its places, the lists that it is in, and a key that nobody knows. */
function fieldsIn(message: string): string[] {
  const found = /\b(?:spec|metadata)\.[^\s;:,]+|\b(?:kind|apiVersion)\b/.exec(message)?.[0];
  const key = /unknown key "([^"]+)"/.exec(message)?.[1];
  const field = found?.replaceAll(/\[\d+\]/g, "[]");
  const lists = [...(field ?? "").matchAll(/\[\]/g)].map(({ index }) => field?.slice(0, index));
  return [field, ...lists, key].filter((one) => one !== undefined);
}

function namesOneOf(said: string, fields: readonly string[]): boolean {
  // what is wrong with several fields names none
  return fields.length === 0 ? /\bspec\./.test(said) : fields.some((field) => said.includes(field));
}

function filesOf(kind: "good" | "bad"): string[] {
  return readdirSync(testdata).filter((file) => file.endsWith(`.${kind}.yaml`));
}

/** Why a reader of fleet.yaml does not take a text. */
export function refusalOf(text: string): PromfleetError | undefined {
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

function differs(one: FleetSpec, other: FleetSpec): string {
  const keys = Object.keys(other) as (keyof FleetSpec)[];
  const key = keys.find((name) => !isDeepStrictEqual(one[name], other[name]));
  return key === undefined ? "?" : `${key}: ${JSON.stringify(one[key])} for ${JSON.stringify(other[key])}`;
}
