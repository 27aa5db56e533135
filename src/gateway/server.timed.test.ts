import { noCoverage } from "./coverage/coverage-index.ts";
import { ShardSources } from "./coverage/shard-sources.ts";
import { once } from "node:events";
import http from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask, post } from "../../e2e/harness/http.ts";
import { until } from "../../e2e/harness/until.ts";
import type { GatewayLimits } from "../spec/fleet-spec.ts";
import { parseTopology } from "../topology/parse-topology.ts";
import { AnswersOnTheirWay } from "./limits/answers-on-their-way.ts";
import { RequestAdmission } from "./limits/request-admission.ts";
import { ReadAdmission } from "./evaluate/read-admission.ts";
import { FleetReads } from "./reads/fleet-reads.ts";
import { RequestMetrics } from "./metrics/request-metrics.ts";
import type { Answer, Way } from "./planner/query-request.ts";
import { GatewayServer, type ServerOptions } from "./server.ts";
import { Tenancy } from "./tenancy/tenancy.ts";
import { TlsGate } from "./tls/tls-gate.ts";

const topology = parseTopology(
  JSON.stringify({
    shards: ["0", "1"].map((id) => ({ id, replicas: [{ name: "a", url: `http://127.0.0.1:1/${id}` }] })),
    limits: { concurrency: 1, queue: 1, maxQueryBytes: 1000, timeoutMs: 5000 },
  }),
  "topology.json",
);
const limits: GatewayLimits = topology.limits;

let server: GatewayServer;
let options: ServerOptions;
let admission: RequestAdmission;
let url: string;
let objection: string | undefined;
let said: string[];
/** How queries are answered. */
let way: Way;

const router = { topology, shardIds: () => ["0", "1"], candidates: () => [] };
const sources = new ShardSources(router, noCoverage);
const fetcher = { fetch: async () => await Promise.reject(new Error("no shard is asked here")) };
const answer = (body: Answer["body"]): Answer => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body,
});

beforeEach(async () => {
  objection = undefined;
  said = [];
  way = async () => await Promise.resolve(answer(Buffer.from("{}")));
  admission = new RequestAdmission(() => limits);
  options = {
    context: {
      router,
      sources,
      coverage: { state: () => [], haveMoved: () => false, isOnlyOn: () => false },
      fetcher,
      evaluate: async (request, signal) => await way(request, signal),
      took: () => {},
      reads: new FleetReads({ router }, sources, new ReadAdmission(() => 10, 0)),
    },
    admission,
    tenancy: new Tenancy(() => topology),
    tls: new TlsGate(),
    answers: new AnswersOnTheirWay({ bytes: 1024 ** 2, answers: 10, patience: 100, shortPatience: 100 }),
    metrics: new RequestMetrics(),
    accessLog: { write: () => {} },
    collect: () => [],
    notReady: () => objection,
    say: (sentence) => said.push(sentence),
  };
  server = new GatewayServer(options);
  url = `http://127.0.0.1:${await server.listen("127.0.0.1", 0)}`;
});

afterEach(async () => {
  await server.close(0);
  if (said.length > 0) throw new Error(`nothing was to be said, but: ${said.join("; ")}`);
});

const query = async (rest = "") => await ask(`${url}/api/v1/query?query=up${rest}`);
/** Asks, and goes away when it is called. */
function impatient(): () => void {
  const request = http.get(`${url}/api/v1/query?query=up`, { agent: false });
  request.on("error", () => {});
  return () => void request.destroy();
}
const json = (body: Buffer): unknown => JSON.parse(body.toString());
/** A way that answers when it is told to, or when nobody wants to know any more. */
function heldBack() {
  const released = Promise.withResolvers<void>();
  const state = { begun: 0, aborted: 0, release: () => released.resolve() };
  way = async (_, signal) => {
    state.begun++;
    const over = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => {
      state.aborted++;
      over.reject(signal.reason as Error);
    });
    await Promise.race([released.promise, over.promise]);
    return answer(Buffer.from('"late"'));
  };
  return state;
}

test("what there is not, and what may not be done, is said in Prometheus' form", async () => {
  const unknown = await ask(`${url}/api/v1/nothing`);
  expect([unknown.status, json(unknown.body)]).toMatchObject([
    404,
    { status: "error", errorType: "not_found" },
  ]);
  const wrong = await ask(`${url}/api/v1/query?query=up`, { method: "DELETE" });
  expect([wrong.status, wrong.headers.allow]).toEqual([405, "GET, POST"]);
  const onlyGet = await post(`${url}/api/v1/targets`, {});
  expect([onlyGet.status, onlyGet.headers.allow]).toEqual([405, "GET"]);
  expect((await ask(`${url}/-/healthy`, { method: "POST", body: "x" })).status).toBe(405);
  expect((await ask(`${url}/somewhere`)).status).toBe(404);
  expect((await ask(`${url}/api/v1/label/..%2fadmin/values`)).status).toBe(400);
});

test("HEAD has the headers alone", async () => {
  const [got, head] = [await ask(`${url}/-/healthy`), await ask(`${url}/-/healthy`, { method: "HEAD" })];
  expect(head.status).toBe(200);
  expect(head.headers["content-length"]).toBe(got.headers["content-length"]);
  expect(head.body).toHaveLength(0);
});

test("what is too large is refused audibly, and the connection goes on where it can", async () => {
  const long = await post(`${url}/api/v1/query`, { query: "x".repeat(1001) });
  expect([long.status, json(long.body)]).toMatchObject([413, { errorType: "bad_data" }]);
  const form = await post(`${url}/api/v1/query`, { query: "x".repeat(5_000_000) });
  expect(form.status).toBe(413);
  expect((await ask(`${url}/-/healthy`, { headers: { "x-large": "a".repeat(100_000) } })).status).toBe(431);
});

test("/-/ready says why not, and /-/healthy does not care", async () => {
  objection = "its evaluator is being started";
  const { status, body } = await ask(`${url}/-/ready`);
  expect([status, body.toString()]).toEqual([
    503,
    "The gateway is not ready: its evaluator is being started.\n",
  ]);
  expect((await ask(`${url}/-/healthy`)).status).toBe(200);
  objection = undefined;
  expect((await ask(`${url}/-/ready`)).status).toBe(200);
});

test("more than may be worked on and wait are told to come again; who waits is answered", async () => {
  const held = heldBack();
  const [first, second] = [query(), query()];
  await until("one is worked on, one waits", 5000, () => admission.state.waiting === 1);
  const busy = await query();
  expect([busy.status, busy.headers["retry-after"], json(busy.body)]).toMatchObject([
    503,
    "1",
    { status: "error", errorType: "unavailable", error: expect.stringContaining("[GATEWAY_BUSY]") },
  ]);
  held.release();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  expect(admission.state).toEqual({ working: 0, waiting: 0 });
});

test("a request that takes too long is a 503 of type timeout, and the work on it ends", async () => {
  const held = heldBack();
  const { status, body, took } = await query("&timeout=100ms");
  expect([status, json(body)]).toMatchObject([
    503,
    { errorType: "timeout", error: expect.stringContaining("0.1 s") },
  ]);
  expect(took).toBeLessThan(2000);
  expect(held.aborted).toBe(1);
});

test("the work for a client that goes away ends, whether it is worked on or waits", async () => {
  const held = heldBack();
  const first = impatient();
  await until("it is worked on", 5000, () => held.begun === 1);
  const second = impatient();
  await until("it waits", 5000, () => admission.state.waiting === 1);
  second();
  await until("nobody waits", 5000, () => admission.state.waiting === 0);
  first();
  await until("the work has ended", 5000, () => held.aborted === 1 && admission.state.working === 0);
  expect(held.begun).toBe(1);
});

test("a client that leaves in the middle of its request is nobody's fault", async () => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.write(
    "POST /api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nquery=",
  );
  await once(socket, "connect");
  const other = await query();
  expect(other.status).toBe(200);
  socket.resetAndDestroy();
  await once(socket, "close");
  // nothing was said of it: looked at after each test
  expect((await query()).status).toBe(200);
});

test("an answer that breaks off is cut, and never ended as if it were whole", async () => {
  way = async () => {
    const body = new Readable({ read: () => {} });
    body.push("[1,");
    setImmediate(() => body.destroy(new Error("broke off")));
    return await Promise.resolve(answer(body));
  };
  await expect(query()).rejects.toThrow(/aborted|cut|hang up/);
  expect(admission.state.working).toBe(0);
});

test("closing waits for answers on their way, refuses what comes then, and does not wait for ever", async () => {
  const held = heldBack();
  // a connection that stands already, and is not idle when the closing begins
  const first = query();
  await until("it is worked on", 5000, () => held.begun === 1);
  const closed = server.close(10_000);
  await expect(ask(`${url}/-/healthy`, { agent: new http.Agent() })).rejects.toThrow("ECONNREFUSED");
  held.release();
  expect((await first).body.toString()).toBe('"late"');
  await closed;
});

test("closing gives up answers that do not come", async () => {
  const held = heldBack();
  const lost = query().catch((error: unknown) => String(error));
  await until("it is worked on", 5000, () => held.begun === 1);
  await server.close(50);
  expect(await lost).toMatch(/hang up|ECONNRESET/);
  await until("the work has ended", 5000, () => held.aborted === 1);
});

test("a port that another gateway has is taken, though it has several listeners on it", async () => {
  const { port } = new URL(url);
  const clients = await Promise.all(
    Array.from({ length: 40 }, async () => await ask(`${url}/-/healthy`, { agent: new http.Agent() })),
  );
  expect(clients.every(({ status }) => status === 200)).toBe(true);
  const other = new GatewayServer(options);
  await expect(other.listen("127.0.0.1", Number(port))).rejects.toThrow("PORT_TAKEN");
});

/** What comes back for these bytes. */
async function raw(bytes: string): Promise<string> {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1" });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const closed = once(socket, "close");
  socket.write(bytes);
  await closed;
  return Buffer.concat(chunks).toString();
}

test("a target with its host is one without", async () => {
  const close = "Host: gateway\r\nConnection: close\r\n\r\n";
  expect(await raw(`GET http://elsewhere/-/healthy HTTP/1.1\r\n${close}`)).toContain("200 OK");
  expect(await raw(`GET http://elsewhere HTTP/1.1\r\n${close}`)).toContain("200 OK");
  expect(await raw(`GET http://elsewhere?x=/-/healthy HTTP/1.1\r\n${close}`)).toContain("promfleet gateway");
  expect(await raw(`GET ftp://elsewhere/-/healthy HTTP/1.1\r\n${close}`)).toContain("404 Not Found");
});

test("two hosts, and CONNECT, are refused, and the connection ends", async () => {
  expect(await raw("GET /-/healthy HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n")).toContain("400 Bad Request");
  expect(await raw("CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: a\r\n\r\n")).toContain("405 Method Not Allowed");
});
