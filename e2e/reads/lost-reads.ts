import { mkdirSync } from "node:fs";
import http from "node:http";
import type { ReadQuery } from "../../src/remote-read/read-request.ts";
import type { CheckContext } from "../harness/check.ts";
import type { FaultProxy } from "../harness/fault-proxy.ts";
import { type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { serversAreWell } from "../harness/gateway-metrics.ts";
import { residentBytes } from "../harness/processes.ts";
import { type StoredFleet, startStoredFleet } from "../harness/stored-fleet.ts";
import { until, untilElapsed } from "../harness/until.ts";
import type { Workplace } from "../harness/workplace.ts";
import { type Form, askRead, countOf, foundIn, readBody, readHeaders } from "./raw-read.ts";

const mebibyte = 1024 ** 2;
/** Clients that read nothing for a while, and bytes by which the gateway may grow for them. */
const slow = { clients: { short: 4, soak: 12 }, holdMs: 3000, growth: 60 * mebibyte, othersMs: 6000 };

/** A shard without replicas, before and in the middle of an answer; and clients that do not read what they have asked for. */
export async function lostReads({ report, soak, prometheus }: CheckContext, place: Workplace): Promise<void> {
  const fleet = await startStoredFleet(place, { shards: 2, replicas: 2, version: prometheus, series: 1000 });
  mkdirSync(place.path("gateway-lost"));
  const gateway = await startGateway(place.path("gateway-lost"), fleet.urls, prometheus);
  const all: ReadQuery = {
    start: BigInt(fleet.start) * 1000n,
    end: BigInt(fleet.end) * 1000n,
    matchers: [{ op: "=", name: "__name__", value: "m" }],
    hints: undefined,
  };
  const cuts = soak ? 40 : 4;
  for (const form of ["chunks", "samples"] as const) {
    const whole = await askRead(gateway.url, [all], form);
    const size = whole.body.length;
    const bed: Bed = { fleet, gateway, all, form, whole: whole.body };
    await claimLost(bed, report);
    const places = Array.from({ length: cuts }, (_, at) => Math.floor((size / 2) * ((at + 0.5) / cuts)));
    await claimCut(bed, report, places, 1);
    await claimCut(bed, report, places, 2);
  }
  await claimSlow({ fleet, gateway, all }, slow.clients[soak ? "soak" : "short"], report);
}

interface Bed {
  fleet: StoredFleet;
  gateway: GatewayAlone;
  all: ReadQuery;
  form: Form;
  /** What is answered where nothing is wrong. */
  whole: Buffer;
}

async function mended({ fleet, gateway }: Bed): Promise<void> {
  fleet.mend();
  await until("all servers are well", 30_000, async () => await serversAreWell(gateway.url));
}

async function claimLost(bed: Bed, report: CheckContext["report"]): Promise<void> {
  for (const proxy of bed.fleet.proxies[1] ?? []) strike(proxy, { kind: "refuse" });
  const { status, headers, body, took } = await askRead(bed.gateway.url, [bed.all], bed.form);
  const text = body.toString();
  report.claim(
    `${bed.form}: a shard that is lost is a 503 in plain text with its name`,
    status === 503 &&
      text.startsWith("shard 1 is unavailable") &&
      (headers["content-type"] ?? "").startsWith("text/plain"),
    `${status} after ${took.toFixed(0)} ms: ${text.trim().slice(0, 100)}`,
  );
  await mended(bed);
}

/** Answers that are cut at a byte, on one replica or on both. */
async function claimCut(
  bed: Bed,
  report: CheckContext["report"],
  places: readonly number[],
  replicas: 1 | 2,
): Promise<void> {
  const outcomes = { whole: 0, error: 0, broken: 0, wrong: 0, unstruck: 0 };
  for (const after of places) {
    const proxies = (bed.fleet.proxies[1] ?? []).slice(0, replicas);
    for (const proxy of proxies) strike(proxy, { kind: "cut", after });
    try {
      const { status, body } = await askRead(bed.gateway.url, [bed.all], bed.form);
      if (status === 503 && body.toString().includes("shard 1")) outcomes.error++;
      else if (status === 200 && body.equals(bed.whole)) outcomes.whole++;
      else outcomes.wrong++;
    } catch {
      outcomes.broken++;
    }
    if (proxies.every(({ struck }) => struck === 0)) outcomes.unstruck++;
    await mended(bed);
  }
  const told = Object.entries(outcomes).map(([what, count]) => `${count} ${what}`);
  if (replicas === 1)
    report.claim(
      `${bed.form}: cut on one replica, whole or an error`,
      outcomes.wrong + outcomes.error === 0 && outcomes.whole > 0,
      told.join(", "),
    );
  else
    report.claim(
      `${bed.form}: cut on both, never a shorter answer`,
      outcomes.wrong + outcomes.whole === 0,
      told.join(", "),
    );
}

function strike(proxy: FaultProxy, fault: FaultProxy["fault"]): void {
  proxy.fault = fault;
  proxy.struck = 0;
  proxy.reset();
}

/** Many queries in one request make a long answer. */
async function claimSlow(
  { fleet, gateway, all }: Pick<Bed, "fleet" | "gateway" | "all">,
  count: number,
  report: CheckContext["report"],
): Promise<void> {
  const queries = Array.from({ length: 40 }, () => all);
  const before = residentBytes(gateway.pid);
  const clients = await Promise.all(
    Array.from({ length: count }, async () => await paused(gateway.url, queries)),
  );
  let most = 0;
  const until_ = performance.now() + slow.holdMs;
  while (performance.now() < until_) {
    most = Math.max(most, residentBytes(gateway.pid));
    await untilElapsed(100);
  }
  const other = await askRead(gateway.url, [all], "samples");
  const rest = await Promise.all(clients.map(async (client) => await client.whole().catch(() => undefined)));
  const whole = rest.filter((body) => body !== undefined);
  const length = whole[0]?.length ?? 0;
  const found = whole.map((body) => countOf(foundIn(body, queries.length, "chunks")).series);
  const grown = (most - before) / mebibyte;
  report.claim(
    `${count} clients that do not read: the gateway stays small`,
    most - before < slow.growth,
    `${grown.toFixed(1)} MB more for ${((length * count) / mebibyte).toFixed(0)} MB that are asked for`,
  );
  report.claim(
    "others are answered meanwhile: as many answers as are waited for are given up when nothing was taken of them for 2 s",
    other.status === 200 && other.took < slow.othersMs,
    `${other.took.toFixed(0)} ms`,
  );
  report.claim(
    "who goes on reading gets all of it, or sees that it was cut",
    whole.length > 0 && found.every((series) => series === 2000 * queries.length),
    `${whole.length} whole of ${found[0]} series, ${rest.length - whole.length} cut`,
  );
  await until("what nobody reads any more is over", 10_000, async () => await isQuiet(fleet));
}

async function isQuiet(fleet: StoredFleet): Promise<boolean> {
  const pages = await Promise.all(
    fleet.servers.flat().map(async ({ url }) => await (await fetch(`${url}/metrics`)).text()),
  );
  return pages.every((page) =>
    /^prometheus_remote_read_handler_queries 0$|^prometheus_api_remote_read_queries 0$/m.test(page),
  );
}

/** A client that has the beginning of its answer and reads no further. */
async function paused(base: string, queries: readonly ReadQuery[]) {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const request = http.request(`${base}/api/v1/read`, { method: "POST", headers: readHeaders, agent: false });
  request.on("error", reject);
  request.on("response", resolve);
  request.end(readBody(queries, "chunks"));
  const response = await promise;
  response.pause();
  response.on("error", () => {});
  return {
    response,
    async whole(): Promise<Buffer> {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      if (!response.complete) throw new Error("the answer was cut");
      return Buffer.concat(chunks);
    },
  };
}
