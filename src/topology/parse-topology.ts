import { createHash } from "node:crypto";
import { type Complaint, PromfleetError } from "../errors/promfleet-error.ts";
import type { ValuePath } from "../spec/input-document.ts";
import { tenantFindings } from "../spec/tenant-findings.ts";
import { listIn } from "../spec/job-findings.ts";
import { type Finding, pathText, schemaFindings, withoutEmptyKeys } from "../spec/schema-complaints.ts";
import { isMap } from "../spec/shown-value.ts";
import type { Tenant } from "../spec/tenant.ts";
import type { TenantDocument } from "../spec/tenant-schema.ts";
import { tlsOf } from "../spec/tls-schema.ts";
import { tlsFindings } from "../spec/tls-findings.ts";
import { JsonPlaces } from "./json-places.ts";
import type { Topology } from "./topology.ts";
import { topologySchema } from "./topology-schema.ts";

/** Bytes of a topology file. */
const largest = 8 * 1024 ** 2;

/**
 * Reads and checks a topology.json, and fills in what it leaves out.
 * @param file how complaints name it
 * @throws PromfleetError INPUT_SYNTAX, INPUT_TOO_LARGE, TOPOLOGY_INVALID with everything that is wrong
 */
export function parseTopology(text: string, file: string): Topology {
  if (Buffer.byteLength(text) > largest)
    throw new PromfleetError({
      code: "INPUT_TOO_LARGE",
      message: `${file} has more than ${largest} bytes`,
      advice: "Is it the right file?",
    });
  const value = withoutEmptyKeys(topologySchema, parseJson(text, file));
  const parsed = topologySchema.safeParse(value);
  const words = { unknownKey: code, missing: code, invalid: code };
  const shape = parsed.success
    ? []
    : schemaFindings(topologySchema, value, parsed.error.issues, words, () => undefined);
  const findings = [
    ...shape,
    ...urlFindings(value),
    ...tenantFindings(value, [], { invalid: code, duplicate: code }),
    ...tlsFindings(value, [], code),
    ...(parsed.success ? meaningFindings(parsed.data) : []),
  ];
  if (findings.length > 0 || !parsed.success) throw refusal(text, file, findings);
  return filledIn(parsed.data, text);
}

type Content = ReturnType<typeof topologySchema.parse>;
const code = "TOPOLOGY_INVALID" as const;

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const mistake = new JsonPlaces(text, file).mistake;
    const message = mistake ? `this is no JSON: ${mistake.why}` : `${file} is no JSON`;
    throw new PromfleetError({ code: "INPUT_SYNTAX", message, at: mistake?.at }, { cause: error });
  }
}

/** Only now is it worth knowing where everything stands. */
function refusal(text: string, file: string, findings: readonly Finding[]): PromfleetError {
  const places = new JsonPlaces(text, file);
  const at = (path: ValuePath, atKey: boolean | undefined) => {
    for (let length = path.length; length >= 0; length--) {
      const position = places.positionOf(path.slice(0, length), atKey);
      if (position) return position;
    }
    return { file, line: 1, column: 1 };
  };
  const complaints = findings.map(({ path, atKey, ...complaint }): Complaint => ({
    ...complaint,
    at: at(path, atKey),
  }));
  const [first, ...more] = complaints.toSorted(
    (one, other) =>
      (one.at?.line ?? 0) - (other.at?.line ?? 0) || (one.at?.column ?? 0) - (other.at?.column ?? 0),
  );
  return new PromfleetError([first ?? { code, message: `${file} is no topology` }, ...more]);
}

/** URLs that are none. Takes anything. */
function urlFindings(root: unknown): Finding[] {
  return listIn(root, "shards").flatMap((shard, index) =>
    listIn(shard, "replicas").flatMap((replica, at): Finding[] => {
      const url = isMap(replica) ? replica["url"] : undefined;
      const why = typeof url === "string" && url !== "" ? baseUrl(url).why : undefined;
      const path = ["shards", index, "replicas", at, "url"];
      return why === undefined ? [] : [{ code, message: `${pathText(path)} ${why}`, path }];
    }),
  );
}

/** What is wrong though every value is what it should be. */
function meaningFindings({ fleet, shards }: Content): Finding[] {
  const names = {
    id: new Map<string, ValuePath>(),
    server: new Map<string, ValuePath>(),
    url: new Map<string, ValuePath>(),
  };
  const owners = new Map<number, string>();
  const findings: Finding[] = [];
  const once = (kind: keyof typeof names, value: string, path: ValuePath, what: string) => {
    const before = names[kind].get(value);
    if (before === undefined) names[kind].set(value, path);
    else findings.push({ code, message: `${what} is that of ${pathText(before.slice(0, -1))} too`, path });
  };
  for (const [index, shard] of shards.entries()) {
    const path = ["shards", index];
    once("id", shard.id, [...path, "id"], `the id ${JSON.stringify(shard.id)}`);
    const replicas = new Set<string>();
    for (const [at, replica] of shard.replicas.entries()) {
      const own = [...path, "replicas", at];
      if (replicas.has(replica.name))
        findings.push({
          code,
          message: `shard ${JSON.stringify(shard.id)} has a replica ${JSON.stringify(replica.name)} already`,
          path: [...own, "name"],
        });
      else {
        const server = serverName(fleet, shard.id, replica);
        const serverPath = [...own, replica.server === undefined ? "name" : "server"];
        once("server", server, serverPath, `the server name ${JSON.stringify(server)}`);
      }
      replicas.add(replica.name);
      const { url, why } = baseUrl(replica.url);
      if (why === undefined) once("url", url, [...own, "url"], `the URL ${url}`);
    }
    for (const [at, [from, to]] of (shard.slots ?? []).entries()) {
      const own = [...path, "slots", at];
      if (from > to) findings.push({ code, message: `${pathText(own)} ends before it begins`, path: own });
      for (let slot = from; slot <= to; slot++) {
        const owner = owners.get(slot);
        if (owner !== undefined) {
          const message = `${pathText(own)} holds slot ${slot}, which shard ${JSON.stringify(owner)} owns`;
          findings.push({ code, message, path: own });
          break;
        }
        owners.set(slot, shard.id);
      }
    }
  }
  return findings;
}

/** A base URL without trailing slashes, or why it is none. */
function baseUrl(text: string): { url: string; why?: string } {
  const shown = JSON.stringify(text.replace(/\/\/[^/@]*@/, "//…@").slice(0, 200));
  const parsed = URL.parse(text);
  const why = !parsed
    ? "is no URL; http://HOST:PORT is expected"
    : parsed.protocol !== "http:" && parsed.protocol !== "https:"
      ? "is neither http nor https"
      : parsed.username !== "" || parsed.password !== ""
        ? "holds a user or a password, which have no place in it"
        : /[?#]/.test(text)
          ? "has a query or a fragment, which have no place in it"
          : undefined;
  if (!parsed || why !== undefined) return { url: text, why: `is ${shown}, which ${why ?? ""}` };
  return { url: `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, "") };
}

function filledIn(content: Content, text: string): Topology {
  const { fleet, shards, evaluator } = content;
  return {
    fleet,
    version: content.version ?? createHash("sha256").update(text).digest("hex").slice(0, 20),
    shards: shards.map(({ id, replicas, slots }) => ({
      id,
      replicas: replicas.map((replica) => ({
        name: replica.name,
        server: serverName(fleet, id, replica),
        url: baseUrl(replica.url).url,
        externalLabels: replica.externalLabels,
      })),
      slots,
    })),
    onEveryShard: content.onEveryShard,
    spreadByInstance: content.spreadByInstance,
    limits: content.limits,
    tls: content.tls && tlsOf(content.tls),
    serverAuth: content.serverAuth,
    auth: content.auth,
    tenants: content.tenants?.map(tenantOf),
    coverage: content.coverage,
    accessLog: content.accessLog,
    tracing: content.tracing,
    evaluator: { ...evaluator, binary: evaluator.binary, version: evaluator.version },
  };
}

/** All its keys are there. */
function tenantOf(tenant: TenantDocument): Tenant {
  return { ...tenant, matchers: tenant.matchers };
}

function serverName(
  fleet: string,
  shard: string,
  replica: Content["shards"][number]["replicas"][number],
): string {
  return replica.server ?? `${fleet}-${shard}-${replica.name}`;
}
