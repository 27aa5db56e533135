import { mkdirSync } from "node:fs";
import type { Check, CheckContext } from "../harness/check.ts";
import { type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { metricsPage } from "../harness/gateway-metrics.ts";
import { LoopbackServer } from "../harness/loopback-server.ts";
import { peakResidentBytes } from "../harness/processes.ts";
import { Random } from "../harness/random.ts";
import { startStoredFleet } from "../harness/stored-fleet.ts";
import { ToldProcess } from "../harness/told-process.ts";
import { Workplace } from "../harness/workplace.ts";
import { waysOf } from "../hostile/asks.ts";
import { SlowClients, claimRequests, claimResets } from "../hostile/clients.ts";
import { HostileBackend } from "../hostile/hostile-backend.ts";
import { httpAnswers } from "../hostile/http-answers.ts";
import { elementAnswers, jsonAnswers } from "../hostile/json-answers.ts";
import { frameAnswers, sampleAnswers } from "../hostile/read-answers.ts";
import type { PulseReport } from "../overload/pulse.ts";
import { allHostile, claimTries, oneHostile, passedOn, triesOf } from "../hostile/servers.ts";

export const hostile: Check = {
  name: "hostile",
  claim:
    "servers that lie and clients that mean harm: a clear error or the right answer, nothing hangs, nothing is cut silently",
  bothVersions: false,
  // takes minutes, and its bounds of memory and time are not held yet beside other work
  soakOnly: true,
  run,
};

const megabyte = 1024 ** 2;
const memoryMegabytes = 300;
/** Series of a shard: with a step of a second the answers are longer than what the gateway holds. */
const series = 12;
/** ms for a query: what a server may take that is there and does not say a word. */
const limits = { timeoutMs: 8000 };
/** ms: of the slowest answer that somebody else gets meanwhile; of what a client that sends no whole request is waited for. */
const bounds = { others: 1000, headers: 15_000, body: 70_000 };

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("hostile");
  await using closing = new AsyncDisposableStack();
  const fleet = await startStoredFleet(place, { shards: 2, replicas: 2, version: prometheus, series });
  closing.defer(async () => await fleet.close());
  const backends = await Promise.all(
    fleet.servers.map(
      async (shard) => await Promise.all(shard.map(async ({ url }) => await HostileBackend.start(url))),
    ),
  );
  for (const backend of backends.flat()) closing.use(backend);
  const pair = backends[1] ?? [];
  const urls = backends.map((shard) => shard.map(({ url }) => url));
  for (const name of ["two", "one"]) mkdirSync(place.path(name));
  const two = await startGateway(place.path("two"), urls, prometheus, { limits });
  const one = await startGateway(place.path("one"), urls.slice(1), prometheus, { limits });
  let strayed = 0;
  const elsewhere = await LoopbackServer.start((client) => {
    strayed++;
    client.destroy();
  });
  closing.use(elsewhere);

  const ways = waysOf(two.url, one.url, fleet);
  const right = new Map<(typeof ways)[number], Buffer>();
  for (const way of ways) {
    const { status, body } = await way.ask();
    if (!report.claim(`${way.name} while all is well`, status === 200, `${body.length} bytes`)) return;
    right.set(way, body);
  }
  const bed = { pair, gateways: [two.url, one.url], right };
  const random = new Random(1);
  const answers = [
    ...httpAnswers(elsewhere.url),
    ...jsonAnswers(() => random.next()),
    ...elementAnswers(),
    ...frameAnswers(),
    ...sampleAnswers(),
  ];
  const only = process.env["PROMFLEET_HOSTILE"];
  report.figure("hostile answers", answers.length);
  for (const [what, first, doIt] of [
    ["one replica is hostile: the other answers", 0, oneHostile],
    ["both are: 503 with the shard's name, or the answer breaks off", 1, allHostile],
  ] as const) {
    const tries = triesOf(ways, answers, soak || only !== undefined, first).filter(
      ({ way, answer }) => only === undefined || `${way.name}, ${answer.name}`.includes(only),
    );
    const wrong: string[] = [];
    let passed = 0;
    for (const one of tries) {
      const found = await doIt(bed, one);
      if (found === passedOn) passed++;
      else if (found !== undefined) wrong.push(found);
    }
    report.figure("long answers with something wrong within that were passed on as they came", passed);
    claimTries(report, what, tries.length, wrong);
  }
  await clients(report, two, fleet.end, soak);
  report.claim("redirects are not followed", strayed === 0, strayed);
  for (const [name, { pid }] of Object.entries({ two, one })) {
    const peak = peakResidentBytes(pid) / megabyte;
    report.claim(
      `memory of the gateway of ${name} under ${memoryMegabytes} MB`,
      peak < memoryMegabytes,
      `${peak.toFixed(0)} MB`,
    );
  }
}

/** Clients that mean harm, while others go on asking. */
async function clients(
  report: CheckContext["report"],
  { url }: GatewayAlone,
  time: number,
  soak: boolean,
): Promise<void> {
  const port = Number(new URL(url).port);
  const path = `/api/v1/query?query=sum(m)&time=${time}`;
  const others = new ToldProcess<"report", PulseReport>("overload/pulse.ts", String(port), path, "100");
  const headers = await SlowClients.start(
    port,
    300,
    "GET /api/v1/query?query=1 HTTP/1.1\r\nHost: gateway\r\nx",
  );
  const body = await SlowClients.start(
    port,
    300,
    "POST /api/v1/query HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nquery=1",
  );
  try {
    await others.tell("report");
    await claimRequests(report, port);
    await claimResets(
      report,
      port,
      `/api/v1/query_range?query=m&start=${time - 1700}&end=${time}&step=1`,
      async () =>
        Number(/^promfleet_gateway_http_requests_in_flight (\d+)/m.exec(await metricsPage(url))?.[1]) - 300,
    );
    const waited: [string, SlowClients, number][] = [["headers", headers, bounds.headers]];
    if (soak) waited.push(["bodies", body, bounds.body]);
    for (const [what, slow, withinMs] of waited) {
      const { left, longest, told } = await slow.allEnded(withinMs);
      report.claim(
        `300 clients that send ${what} a byte after the other are told 408`,
        left === 0 && Object.keys(told).every((line) => line.startsWith("HTTP/1.1 408")),
        `${left} left, the last ended after ${(longest / 1000).toFixed(1)} s, ${JSON.stringify(told)}`,
      );
    }
    const { latencies, failed, heldUp } = await others.tell("report");
    report.claim(
      `others are answered meanwhile, within ${bounds.others} ms`,
      failed.length === 0 &&
        latencies.length + heldUp > 50 &&
        latencies.length > 20 &&
        (latencies.at(-1) ?? 0) < bounds.others,
      `${latencies.length} asked, ${failed.length} failed ${failed[0] ?? ""}, ${heldUp} not counted, the slowest ${(latencies.at(-1) ?? 0).toFixed(0)} ms`,
    );
  } finally {
    headers.end();
    body.end();
    await others.end();
  }
}
