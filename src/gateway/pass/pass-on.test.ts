import { gunzipSync } from "node:zlib";
import http from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type GatewayAlone, startGateway } from "../../../e2e/harness/gateway-alone.ts";
import { metricsPage } from "../../../e2e/harness/gateway-metrics.ts";
import { ask, post } from "../../../e2e/harness/http.ts";
import { type StoredFleet, startStoredFleet } from "../../../e2e/harness/stored-fleet.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";

let workplace: Workplace;
let fleet: StoredFleet;
let gateway: GatewayAlone;

beforeAll(async () => {
  workplace = new Workplace("pass-on");
  fleet = await startStoredFleet(workplace, { shards: 1, replicas: 2, version: "3.16", series: 300 });
});

afterAll(async () => {
  await fleet.close();
  await workplace[Symbol.asyncDispose]();
});

// a gateway puts a server that fails again and again aside for longer each time: each test has one that knows of no failure
beforeEach(async () => {
  fleet.mend();
  gateway = await startGateway(workplace.folder, fleet.urls, "3.16");
});

afterEach(async () => await gateway.process.kill());

/** 1.4 MB with a step of 15 s. */
const range = (step = "15") => ({ query: "m", start: String(fleet.start), end: String(fleet.end), step });
const a = () => fleet.proxies[0]?.[0] ?? never();
const b = () => fleet.proxies[0]?.[1] ?? never();
const direct = () => fleet.servers[0]?.[0]?.url ?? never();

function never(): never {
  throw new Error("no such server");
}

test("the bytes of one replica come through as they are", async () => {
  const wanted = await post(`${direct()}/api/v1/query_range`, range());
  const passed = await post(`${gateway.url}/api/v1/query_range`, range());
  expect(passed.body.equals(wanted.body)).toBe(true);
  expect(passed.headers["content-type"]).toBe(wanted.headers["content-type"]);
});

test.each(["gzip", "deflate"])(
  "what the server has compressed with %s is passed on compressed",
  async (encoding) => {
    const headers = { "accept-encoding": encoding };
    const wanted = await post(`${direct()}/api/v1/query_range`, range(), { headers });
    const passed = await post(`${gateway.url}/api/v1/query_range`, range(), { headers });
    expect(passed.headers["content-encoding"]).toBe(encoding);
    expect(passed.body.equals(wanted.body)).toBe(true);
    const error = await post(
      `${gateway.url}/api/v1/query`,
      { query: "sum((" },
      { headers: { "accept-encoding": "gzip" } },
    );
    expect(error.status).toBe(400);
    expect(gunzipSync(error.body).toString()).toContain("parse error");
  },
);

test.each([0, 100, 200_000])(
  "an answer that breaks off after %d bytes comes from the other replica",
  async (after) => {
    const wanted = await post(`${direct()}/api/v1/query_range`, range());
    a().fault = { kind: "cut", after };
    a().reset();
    const { status, body } = await post(`${gateway.url}/api/v1/query_range`, range());
    expect(a().struck).toBeGreaterThan(0);
    expect([status, body.equals(wanted.body)]).toEqual([200, true]);
    a().struck = 0;
  },
);

test.each(["labels", "series?match[]=m", "targets", "status/buildinfo"])(
  "an answer to %s that breaks off comes from the other replica",
  async (path) => {
    const wanted = await ask(`${direct()}/api/v1/${path}`);
    a().fault = { kind: "cut", after: 200 };
    a().reset();
    const { status, body } = await ask(`${gateway.url}/api/v1/${path}`);
    expect(a().struck).toBeGreaterThan(0);
    expect([status, body.toString()]).toEqual([200, wanted.body.toString()]);
    a().struck = 0;
  },
);

test("an answer that breaks off at both replicas is a 503 that names both", async () => {
  for (const proxy of [a(), b()]) {
    // probes are shorter
    proxy.fault = { kind: "cut", after: 100_000 };
    proxy.reset();
  }
  const { status, body } = await post(`${gateway.url}/api/v1/query_range`, range());
  expect(status).toBe(503);
  expect(body.toString()).toMatch(/shard 0 is unavailable.*fleet-0-a: its answer broke off/);
  expect(body.toString()).toMatch(/shard 0 is unavailable.*fleet-0-b: its answer broke off/);
});

test("an answer that breaks off later is cut, and not ended as if it were whole", async () => {
  for (const proxy of [a(), b()]) {
    proxy.fault = { kind: "cut", after: 900_000 };
    proxy.reset();
  }
  await expect(post(`${gateway.url}/api/v1/query_range`, range())).rejects.toThrow(/cut|aborted|hang up/);
  expect(await metricsPage(gateway.url)).toMatch(/^promfleet_gateway_answers_broken_total [1-9]/m);
});

test("a large answer is read from the server as fast as the client reads it", async () => {
  const proxies = [a(), b()];
  const passed = () => Math.max(...proxies.map(({ longest }) => longest));
  for (const proxy of proxies) proxy.longest = 0;
  const form = new URLSearchParams(range("0.5")).toString();
  const asked = http.request(`${gateway.url}/api/v1/query_range`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  const { promise, resolve } = Promise.withResolvers<http.IncomingMessage>();
  asked.on("response", resolve).end(form);
  const response = await promise;
  // nobody reads: what has gone out fills the buffers on the way, and then it stands still
  let before = -1;
  await until("it stands still", 20_000, async () => {
    const now = passed();
    const still = now > 0 && now === before;
    before = now;
    await ask(`${gateway.url}/-/healthy`);
    return still;
  });
  const stood = passed();
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) size += chunk.length;
  expect(response.complete).toBe(true);
  expect(size).toBeGreaterThan(25_000_000);
  expect(stood).toBeLessThan(size / 2);
});
