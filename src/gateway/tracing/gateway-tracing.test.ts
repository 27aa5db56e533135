import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { RequestRecord } from "../access/request-record.ts";
import type { ShardFetcher, ShardRequest } from "../fetch/shard-fetcher.ts";
import { gatewayTracing } from "./gateway-tracing.ts";

const spansShape = z.object({
  resourceSpans: z.array(
    z.object({
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              name: z.string(),
              spanId: z.string(),
              parentSpanId: z.string().optional(),
              traceId: z.string(),
              links: z.array(z.object({ traceId: z.string() })).optional(),
              status: z.object({ message: z.string() }).optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});

const bodies: string[] = [];
const receiver = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    bodies.push(body);
    response.writeHead(200).end("{}");
  });
});
let endpoint = "";

beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  endpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});

afterAll(() => {
  receiver.close();
  receiver.closeAllConnections();
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const about = { method: "GET", id: "id", client: "", userAgent: "", time: 0 };

/** What servers were asked, and the spans, of a request that reads shard 0, evaluates, and fails at shard 1. */
async function served(traceparent: string | undefined, env: Record<string, string> = {}) {
  bodies.length = 0;
  const asked: ShardRequest[] = [];
  const fetcher: ShardFetcher = {
    fetch: async (shard, request) => {
      asked.push(request);
      if (shard === "1") throw new Error("it is gone");
      request.came?.(7);
      const replica = { server: "fleet-0-a", url: "http://a" };
      return await Promise.resolve({
        replica: { ...replica } as never,
        status: 200,
        headers: {},
        body: Readable.from(["{}"]),
      });
    },
  };
  const tracing = gatewayTracing({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...env }, undefined, "1", () => {});
  const trace = tracing?.begin(traceparent === undefined ? {} : { traceparent }, "GET /api/v1/query");
  const record = new RequestRecord(about);
  record.trace = trace;
  const context = record.over({ fetcher, evaluate: undefined, took: () => {} } as never) as {
    fetcher: ShardFetcher;
    took: (way: string, why?: string) => void;
  };
  const request: ShardRequest = { method: "GET", path: "/api/v1/query", headers: { a: "b" } };
  const { signal } = new AbortController();
  trace?.begun(true);
  context.took("concat");
  const { body } = await context.fetcher.fetch("0", request, signal);
  for await (const _ of body);
  context.took("evaluate", "unordered");
  await record
    .reading(fetcher, "e".repeat(32))
    .fetch("1", request, signal)
    .catch(() => {});
  record.status = 503;
  trace?.end(record);
  await tracing?.close();
  const spans = bodies.flatMap((text) =>
    spansShape
      .parse(JSON.parse(text))
      .resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans)),
  );
  return { asked: asked.map(({ headers }) => headers), spans };
}

test("a request is a trace that hangs on the client's, and servers hang on it", async () => {
  const { asked, spans } = await served(`00-${traceId}-b7ad6b7169203331-01`);
  const named = (name: string) => spans.find((span) => span.name === name);
  const root = named("GET /api/v1/query");
  expect(spans.map(({ name }) => name).toSorted()).toEqual([
    "GET /api/v1/query",
    "concat",
    "evaluate",
    "fetch shard 0",
    "plan",
    "read shard 1",
  ]);
  expect(spans.every((span) => span.traceId === traceId)).toBe(true);
  expect(root?.parentSpanId).toBe("b7ad6b7169203331");
  expect(named("plan")?.parentSpanId).toBe(root?.spanId);
  expect(named("concat")).toMatchObject({
    parentSpanId: root?.spanId,
    status: { message: "given up: unordered" },
  });
  expect(named("fetch shard 0")?.parentSpanId).toBe(named("concat")?.spanId);
  expect(named("read shard 1")).toMatchObject({
    parentSpanId: named("evaluate")?.spanId,
    links: [{ traceId: "e".repeat(32) }],
    status: { message: "it is gone" },
  });
  expect(asked).toEqual([
    { a: "b", traceparent: `00-${traceId}-${named("fetch shard 0")?.spanId}-01` },
    { a: "b", traceparent: `00-${traceId}-${named("read shard 1")?.spanId}-01` },
  ]);
});

test("without a client's it is one of its own", async () => {
  const { spans } = await served(undefined);
  expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
});

test("what is not kept is passed on as the client's", async () => {
  const { asked, spans } = await served(`00-${traceId}-b7ad6b7169203331-00`);
  expect(spans).toEqual([]);
  expect(asked[0]).toEqual({ a: "b", traceparent: `00-${traceId}-b7ad6b7169203331-00` });
  expect((await served(undefined, { OTEL_TRACES_SAMPLER: "always_off" })).asked[0]).toEqual({ a: "b" });
});

test("nobody takes traces: there are none", () => {
  expect(gatewayTracing({}, undefined, "1", () => {})).toBeUndefined();
});
