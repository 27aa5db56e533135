import type { Check, CheckContext } from "../harness/check.ts";
import { closedPort } from "../harness/closed-port.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { metricsPage } from "../harness/gateway-metrics.ts";
import { ask, post } from "../harness/http.ts";
import { quantile } from "../harness/load.ts";
import { type StoredFleet, startStoredFleet } from "../harness/stored-fleet.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";
import { readAll } from "../reads/raw-read.ts";
import { type Collector, type HandedSpan, startCollector } from "../tracing/collector.ts";

export const tracing: Check = {
  name: "tracing",
  claim:
    "with an OTLP receiver configured every request is a trace, from the client to each server; one that is down slows nothing",
  bothVersions: false,
  soakOnly: false,
  run,
};

type Report = CheckContext["report"];

const client = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
/** So soon spans go out here. */
const soon = { OTEL_BSP_SCHEDULE_DELAY: "100" };
/** Queries with a receiver that is down, and without any. */
const queries = 300;

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("tracing");
  await using closing = new AsyncDisposableStack();
  const collector = closing.use(await startCollector(place.folder));
  // servers that take the traces on tell it to the same collector
  const takesTraces = !prometheus.startsWith("2.4");
  const endpoint = new URL(collector.url).host;
  const config = takesTraces
    ? `tracing: {endpoint: "${endpoint}", client_type: http, insecure: true, sampling_fraction: 0}\n`
    : "{}\n";
  const fleet = await startStoredFleet(place, { shards: 2, replicas: 2, version: prometheus, config });
  closing.defer(async () => await fleet.close());
  const gateway = await startGateway(place.folder, fleet.urls, prometheus, {}, "127.0.0.1:0", {
    ...soon,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_SERVICE_NAME: "gateway-of-the-check",
  });
  await ways(report, gateway.url, fleet, collector);
  await sampling(report, gateway.url, fleet, collector);
  const page = await metricsPage(gateway.url);
  report.claim(
    "no span was dropped",
    /^promfleet_gateway_spans_total\{outcome="dropped"\} 0$/m.test(page),
    /^promfleet_gateway_spans_total.*$/gm.exec(page)?.[0],
  );
  await gateway.process.kill();
  await down(report, place, fleet, prometheus);
}

/** The spans of a trace, once all that are named have come. */
async function traceOf(collector: Collector, traceId: string, least: number): Promise<HandedSpan[]> {
  return await until(`${least} spans of ${traceId}`, 15_000, () => {
    const found = collector.spans.filter((span) => span.traceId === traceId);
    return found.length >= least && found;
  });
}

const ours = (spans: readonly HandedSpan[]) =>
  spans.filter(({ resource }) => resource["service.name"] === "gateway-of-the-check");

async function ways(report: Report, base: string, fleet: StoredFleet, collector: Collector): Promise<void> {
  const asked: [way: string, query: string, fetches: number][] = [
    ["concat", "m", 2],
    ["combine", "sum(m)", 2],
    ["evaluate", "quantile(0.5, m)", 2],
    ["cut", "sum(m) / count(m)", 4],
  ];
  for (const [index, [way, query, fetches]] of asked.entries()) {
    const traceId = `${index}${client.traceId.slice(1)}`;
    const headers = { traceparent: `00-${traceId}-${client.spanId}-01`, tracestate: "a=b" };
    const times = { start: String(fleet.start), end: String(fleet.end), step: "15" };
    const { status } = await post(`${base}/api/v1/query_range`, { query, ...times }, { headers });
    const spans = ours(await traceOf(collector, traceId, 3 + fetches));
    const [root] = spans.filter(({ parentSpanId }) => parentSpanId === client.spanId);
    const [taken] = spans.filter(({ name }) => name === way);
    const toShards = spans.filter(({ name }) => /^(?:fetch|read) shard [01]$/.test(name));
    const names = spans.map(({ name }) => name).toSorted();
    const isRight =
      status === 200 &&
      root?.name === "POST /api/v1/query_range" &&
      root.kind === 2 &&
      root.traceState === "a=b" &&
      root.attributes["http.response.status_code"] === "200" &&
      root.attributes["promfleet.way"] === way &&
      root.attributes["db.query.text"] === query &&
      names.includes("plan") &&
      taken?.parentSpanId === root.spanId &&
      toShards.length === fetches &&
      toShards.every(
        ({ parentSpanId, kind, attributes }) =>
          parentSpanId === taken.spanId &&
          kind === 3 &&
          /^fleet-[01]-[ab]$/.test(attributes["promfleet.replica"] ?? "") &&
          Number(attributes["promfleet.bytes"]) > 0,
      ) &&
      spans.every((span) => isWithin(span, root));
    report.claim(
      `${way}: a span of the request, of its plan, of the way, of each request to a shard`,
      isRight,
      names.join(", "),
    );
    if (way === "evaluate")
      report.claim(
        "what the evaluator reads is linked to the trace that it was asked in",
        toShards.length > 0 &&
          toShards.every(({ name, links }) => name.startsWith("read") && links?.length === 1),
        toShards.map(({ links }) => links?.[0]?.traceId).join(", "),
      );
    await servers(report, way, collector, traceId, toShards);
  }
  const traceId = `f${client.traceId.slice(1)}`;
  const all = {
    matchers: [{ op: "=" as const, name: "__name__", value: "m" }],
    start: BigInt(fleet.start * 1000),
    end: BigInt(fleet.end * 1000),
    hints: undefined,
  };
  await readAll(base, [all], "chunks", { traceparent: `00-${traceId}-${client.spanId}-01` });
  const spans = ours(await traceOf(collector, traceId, 3));
  report.claim(
    "a remote read: a span of it, and of each read of a shard",
    spans.length === 3 && spans.some(({ name }) => name === "POST /api/v1/read"),
    spans.map(({ name }) => name).join(", "),
  );
}

const isWithin = (span: HandedSpan, root: HandedSpan): boolean =>
  BigInt(span.startTimeUnixNano) >= BigInt(root.startTimeUnixNano) &&
  BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano) &&
  BigInt(span.startTimeUnixNano) <= BigInt(root.endTimeUnixNano);

/** The servers' own spans hang on the gateway's. */
async function servers(
  report: Report,
  way: string,
  collector: Collector,
  traceId: string,
  toShards: readonly HandedSpan[],
): Promise<void> {
  const ids = new Set(toShards.map(({ spanId }) => spanId));
  const found = await until(`spans of the servers in ${traceId}`, 15_000, () => {
    const spans = collector.spans.filter(
      ({ traceId: id, parentSpanId = "", resource }) =>
        id === traceId && ids.has(parentSpanId) && resource["service.name"] === "prometheus",
    );
    return new Set(spans.map(({ parentSpanId }) => parentSpanId)).size === ids.size && spans;
  }).catch(() => []);
  report.claim(
    `${way}: the servers take the trace on`,
    found.length > 0,
    `${found.length} spans of ${ids.size} requests`,
  );
}

async function sampling(
  report: Report,
  base: string,
  fleet: StoredFleet,
  collector: Collector,
): Promise<void> {
  const unsampled = `e${client.traceId.slice(1)}`;
  const query = `/api/v1/query?query=sum(m)&time=${fleet.end}`;
  await ask(base + query, { headers: { traceparent: `00-${unsampled}-${client.spanId}-00` } });
  const before = collector.spans.length;
  await ask(base + query, { headers: { traceparent: "00-nothing-right-01" } });
  const roots = await until("a trace that the gateway has begun", 15_000, () => {
    const found = ours(collector.spans.slice(before)).filter(({ parentSpanId = "" }) => parentSpanId === "");
    return found.length > 0 && found;
  });
  report.claim("without a context of the client's a trace of its own", roots.length === 1, roots[0]?.name);
  report.claim(
    "what the client does not keep is not kept",
    !collector.spans.some(({ traceId }) => traceId === unsampled),
  );
  const error = `d${client.traceId.slice(1)}`;
  await ask(`${base}/api/v1/query?query=sum((`, {
    headers: { traceparent: `00-${error}-${client.spanId}-01` },
  });
  const spans = ours(await traceOf(collector, error, 1));
  report.claim(
    "a query that is wrong is no failure of the gateway's",
    spans.every(({ status }) => status?.code === undefined || status.code === 0),
  );
}

/** ms of queries one after the other. */
async function timings(base: string, end: number): Promise<number[]> {
  const took: number[] = [];
  for (let each = 0; each < queries; each++) {
    const heard = await ask(`${base}/api/v1/query?query=sum(m)&time=${end}`);
    if (heard.status !== 200) throw new Error(`a query: ${heard.status}`);
    took.push(heard.took);
  }
  return took.toSorted((left, right) => left - right);
}

async function down(report: Report, place: Workplace, fleet: StoredFleet, prometheus: string): Promise<void> {
  const refusing = `http://127.0.0.1:${await closedPort()}`;
  const p95: Record<string, number> = {};
  for (const [name, env] of [
    ["nothing configured", {}],
    [
      "a receiver that is down",
      { ...soon, OTEL_EXPORTER_OTLP_ENDPOINT: refusing, OTEL_BSP_MAX_QUEUE_SIZE: "100" },
    ],
  ] as const) {
    const gateway = await startGateway(place.folder, fleet.urls, prometheus, {}, "127.0.0.1:0", env);
    await timings(gateway.url, fleet.end);
    const took = await timings(gateway.url, fleet.end);
    p95[name] = quantile(took, 0.95);
    report.figure(name, `p50 ${quantile(took, 0.5).toFixed(1)}, p95 ${quantile(took, 0.95).toFixed(1)} ms`);
    const page = await metricsPage(gateway.url);
    if (name === "nothing configured")
      report.claim("nothing configured: nothing of traces", !page.includes("_spans"));
    else {
      const dropped = Number(/^promfleet_gateway_spans_total\{outcome="dropped"\} (\d+)$/m.exec(page)?.[1]);
      report.claim("a receiver that is down: spans are dropped and counted", dropped > 0, dropped);
    }
    await gateway.process.kill();
  }
  const [without = 0, with_ = 0] = Object.values(p95);
  report.claim(
    "and no query waits for it",
    with_ < without * 2 + 10,
    `${with_.toFixed(1)} ms, ${without.toFixed(1)} ms without`,
  );
}
