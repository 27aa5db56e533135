import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { PromfleetError } from "../errors/promfleet-error.ts";
import { type DemoExporter, startDemoExporter } from "./demo-exporter.ts";
import { closedPort } from "../../e2e/harness/closed-port.ts";

let exporter: DemoExporter | undefined;
afterEach(() => exporter?.close());

async function start(ports = [0, 0]): Promise<string[]> {
  exporter = await startDemoExporter({ listen: "127.0.0.1", ports, seed: 1, clock: () => 1.8e12 });
  return exporter.ports.map((port) => `http://127.0.0.1:${port}`);
}

test("each instance has a port and metrics of its own", async () => {
  const bases = await start();
  const bodies = await Promise.all(bases.map(async (base) => (await fetch(`${base}/metrics`)).text()));
  expect(bodies[0]).toContain('demo_http_requests_total{method="GET",path="/",code="200"}');
  expect(bodies[1]).not.toBe(bodies[0]);
  expect(await (await fetch(`${bases[0]}/metrics`)).text()).toBe(bodies[0]);
});

test("the format is the one asked for", async () => {
  const [base] = await start([0]);
  const type = async (accept: string) =>
    (await fetch(`${base}/metrics`, { headers: { accept } })).headers.get("content-type");
  expect(await type("application/openmetrics-text;version=1.0.0")).toContain("application/openmetrics-text");
  expect(
    await type("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"),
  ).toContain("encoding=delimited");
  expect(await type("text/html")).toContain("text/plain; version=0.0.4");
});

test("other paths and methods are refused, HEAD has no body", async () => {
  const [base] = await start([0]);
  expect((await fetch(`${base}/metrics/x`)).status).toBe(404);
  expect((await fetch(`${base}/metrics`, { method: "POST", body: "x" })).status).toBe(405);
  expect((await fetch(`${base}/-/healthy`)).status).toBe(200);
  const head = await fetch(`${base}/metrics?x=y`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("a taken port is named, and no other one stays open", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port: taken } = other.address() as AddressInfo;
  const free = await closedPort();
  const error = await start([free, taken]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  other.close();
  expect(error).toBeInstanceOf(PromfleetError);
  expect((error as PromfleetError).message).toContain(`port ${taken} on 127.0.0.1 is taken`);
  await expect(fetch(`http://127.0.0.1:${free}/metrics`)).rejects.toThrow("fetch failed");
});

test("an address of another machine is refused", async () => {
  const starting = startDemoExporter({ listen: "192.0.2.1", ports: [0], seed: 1, clock: Date.now });
  await expect(starting).rejects.toMatchObject({ code: "LISTEN_FAILED" });
});
