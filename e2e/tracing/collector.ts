import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { type Started, start } from "../harness/processes.ts";
import { cachedProgram } from "../harness/programs.ts";
import { until } from "../harness/until.ts";

/** A span as the collector hands it on, in the JSON of OTLP. */
export interface HandedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  links?: readonly { traceId: string; spanId: string }[];
  status?: { code?: number; message?: string };
  /** By name, as text. */
  attributes: Readonly<Record<string, string>>;
  /** Of whoever has sent it. */
  resource: Readonly<Record<string, string>>;
}

/** OpenTelemetry's collector, and whoever it hands spans on to. */
export interface Collector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  process: Started;
  /** All that were handed on until now. */
  spans: HandedSpan[];
}

type Attributes = readonly { key: string; value: Record<string, unknown> }[];
interface Handed {
  resourceSpans: readonly {
    resource: { attributes?: Attributes };
    scopeSpans: readonly {
      spans: readonly (Omit<HandedSpan, "attributes" | "resource"> & { attributes?: Attributes })[];
    }[];
  }[];
}

/** Starts it on a port that it chooses. @param folder is there */
export async function startCollector(folder: string): Promise<Collector> {
  const program = cachedProgram("otelcol", "0.165");
  const spans: HandedSpan[] = [];
  const taker = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as Handed));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  taker.listen(0, "127.0.0.1");
  await once(taker, "listening");
  const { port } = taker.address() as AddressInfo;
  const config = path.join(folder, "otelcol.yaml");
  writeFileSync(
    config,
    `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:${port}", encoding: json, compression: none}}
service:
  telemetry: {metrics: {level: none}, logs: {level: info}}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}
`,
  );
  const log = path.join(folder, "otelcol.log");
  const process = start(program, ["--config", config], { log, cwd: folder });
  const url = await until("the collector listens", 20_000, () => {
    const said = readFileSync(log, "utf8");
    const address = /Starting HTTP server.*"endpoint": ?"([^"]+)"/.exec(said)?.[1];
    if (address !== undefined) return `http://${address}`;
    return process.child.exitCode === null ? undefined : `ended: ${said.slice(-500)}`;
  });
  if (!url.startsWith("http")) throw new Error(`the collector ${url}`);
  return {
    url,
    process,
    spans,
    async [Symbol.asyncDispose]() {
      await process.kill();
      taker.close();
      taker.closeAllConnections();
    },
  };
}

function spansOf({ resourceSpans }: Handed): HandedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap((scope) =>
      scope.spans.map((span) => ({
        ...span,
        attributes: textsOf(span.attributes),
        resource: textsOf(resource.attributes),
      })),
    ),
  );
}

const textsOf = (attributes: Attributes = []): Record<string, string> =>
  Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, ...other } }) => {
      const plain = stringValue ?? intValue;
      return [key, typeof plain === "string" ? plain : JSON.stringify(other)];
    }),
  );
