import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { otlpJson } from "./otlp-json.ts";
import { type EndedSpan, Span } from "./span.ts";
import { SpanExporter } from "./span-exporter.ts";

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A receiver that answers with these statuses, the last one from then on; 0: not at all. */
async function receiver(...statuses: number[]) {
  const bodies: string[] = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      const status = statuses.length > 1 ? statuses.shift() : statuses[0];
      if (status) response.writeHead(status).end();
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, bodies };
}

function exporter(url: string, queue = { spans: 10, batch: 5, delayMs: 20 }, timeoutMs = 300) {
  const said: string[] = [];
  const sending = new SpanExporter(
    { queue, timeoutMs },
    async (spans, signal) => {
      const body = otlpJson(spans, { "service.name": "test" }, "1");
      return (await fetch(url, { method: "POST", body, signal })).status;
    },
    (sentence) => said.push(sentence),
  );
  return { sending, said };
}

function span(name: string): EndedSpan {
  let ended: EndedSpan | undefined;
  const context = { traceId: "a".repeat(32), spanId: "b".repeat(16), isSampled: true, state: undefined };
  let now = 1_700_000_000_000.25;
  const one = new Span(
    context,
    undefined,
    name,
    "server",
    () => now++,
    (over) => (ended = over),
  );
  one.set({ text: "t", whole: 7, part: 0.5, yes: true, list: ["a"], left: undefined });
  one.link({ traceId: "c".repeat(32), spanId: "d".repeat(16) });
  one.end("it broke");
  if (!ended) throw new Error("it has not ended");
  return ended;
}

test("spans come as OTLP wants them", async () => {
  const { url, bodies } = await receiver(200);
  const { sending } = exporter(url);
  sending.add(span("GET /"));
  await vi.waitFor(() => expect(sending.state.sent).toBe(1));
  expect(JSON.parse(bodies[0] ?? "")).toEqual({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "test" } }] },
        scopeSpans: [
          {
            scope: { name: "promfleet", version: "1" },
            spans: [
              {
                traceId: "a".repeat(32),
                spanId: "b".repeat(16),
                flags: 0x101,
                name: "GET /",
                kind: 2,
                startTimeUnixNano: "1700000000000250000",
                endTimeUnixNano: "1700000000001250000",
                attributes: [
                  { key: "text", value: { stringValue: "t" } },
                  { key: "whole", value: { intValue: "7" } },
                  { key: "part", value: { doubleValue: 0.5 } },
                  { key: "yes", value: { boolValue: true } },
                  { key: "list", value: { arrayValue: { values: [{ stringValue: "a" }] } } },
                ],
                links: [{ traceId: "c".repeat(32), spanId: "d".repeat(16) }],
                status: { code: 2, message: "it broke" },
              },
            ],
          },
        ],
      },
    ],
  });
  await sending.close();
});

test("a full batch goes out at once, and what is more than the queue is dropped", async () => {
  const { url, bodies } = await receiver(0);
  const { sending } = exporter(url, { spans: 10, batch: 5, delayMs: 60_000 });
  for (let each = 0; each < 20; each++) sending.add(span("x"));
  // five are on their way, ten wait
  expect(sending.state).toEqual({ sent: 0, dropped: 5, waiting: 10 });
  await vi.waitFor(() => expect(bodies.length).toBe(1));
  await sending.close();
  expect(sending.state).toEqual({ sent: 0, dropped: 20, waiting: 0 });
});

test("a receiver that is busy gets the same again; it is said once, and when it is over", async () => {
  const { url, bodies } = await receiver(503, 200);
  const { sending, said } = exporter(url);
  sending.add(span("x"));
  await vi.waitFor(() => expect(sending.state.sent).toBe(1), 5000);
  expect(bodies[0]).toBe(bodies[1]);
  expect(said).toEqual([
    "traces are not taken, and some will be dropped: the receiver answered 503",
    "traces are taken again",
  ]);
  await sending.close();
});

test("what is refused is not sent again", async () => {
  const { url, bodies } = await receiver(400);
  const { sending } = exporter(url);
  sending.add(span("x"));
  await vi.waitFor(() => expect(sending.state.dropped).toBe(1));
  expect(bodies.length).toBe(1);
  await sending.close();
});

test("nobody is there: the end does not wait for long", async () => {
  const { sending, said } = exporter("http://127.0.0.1:1");
  sending.add(span("x"));
  const began = performance.now();
  await sending.close();
  expect(performance.now() - began).toBeLessThan(3000);
  expect(sending.state.dropped).toBe(1);
  expect(said.length).toBe(1);
});
