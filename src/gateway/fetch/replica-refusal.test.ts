import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { httpAgent, sendRequest } from "./http-client.ts";
import { refusalOf } from "./replica-refusal.ts";

let says: { status: number; headers: Record<string, string>; body: string };
const dispatcher = httpAgent();
const server = http.createServer((_request, response) => {
  response.writeHead(says.status, { "content-length": says.body.length, ...says.headers }).end(says.body);
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(async () => {
  await dispatcher.destroy();
  server.close();
  server.closeAllConnections();
});

async function refusal(status: number, headers: Record<string, string>, accept = "gzip") {
  says = { status, headers, body: "{}" };
  const { port } = server.address() as AddressInfo;
  const answer = await sendRequest(`http://127.0.0.1:${port}/`, { dispatcher });
  const found = await refusalOf(answer, { headers: { "accept-encoding": accept } });
  if (found === undefined) await answer.body.dump();
  return found;
}

const json = { "content-type": "application/json" };

test("what Prometheus answers is taken", async () => {
  expect(await refusal(200, json)).toBeUndefined();
  expect(await refusal(200, { ...json, "content-encoding": "gzip" })).toBeUndefined();
  expect(await refusal(400, json)).toBeUndefined();
  expect(await refusal(404, { "content-type": "text/plain; charset=utf-8" })).toBeUndefined();
  expect(
    await refusal(200, { "content-type": "application/x-protobuf", "content-encoding": "snappy" }, "snappy"),
  ).toBeUndefined();
});

test("what something else answers is not", async () => {
  expect(await refusal(200, { "content-type": "text/html; charset=utf-8" })).toBe(
    "it answered 200 with text/html; charset=utf-8",
  );
  expect(await refusal(404, { "content-type": "text/html" })).toBe("it answered 404 with text/html");
  expect(await refusal(206, json)).toBe("it answered 206");
  expect(await refusal(302, { location: "http://elsewhere/" })).toBe("it redirects to http://elsewhere/");
});

test("nor what is packed as nobody asked", async () => {
  expect(await refusal(200, { ...json, "content-encoding": "br" })).toBe("it is packed as br");
  expect(await refusal(200, { ...json, "content-encoding": "gzip" }, "identity")).toBe(
    "it is packed as gzip",
  );
});
