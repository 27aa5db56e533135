import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { giveWay } from "../../src/local/give-way.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { ToldProcess } from "../harness/told-process.ts";
import { type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { metricsPage } from "../harness/gateway-metrics.ts";
import { ask } from "../harness/http.ts";
import { quantile } from "../harness/load.ts";
import { peakResidentBytes, residentBytes } from "../harness/processes.ts";
import { startStoredFleet } from "../harness/stored-fleet.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";
import type { CrowdOrder, CrowdReport } from "../overload/crowd.ts";
import type { PulseReport } from "../overload/pulse.ts";

const megabyte = 1 << 20;
/** Niceness of what stands for other machines. */
const far = 10;
const crowdSize = { wave: 2000, idle: 10_000, slow: 100 };
const bounds = {
  memoryMegabytes: 300,
  /** ms */
  healthy: 100,
  recovered: 5000,
  /** Handles, and MB in V8's heap, that may be left of a crowd. */
  handlesLeft: 20,
  heapMegabytesLeft: 12,
};
/** s in which waves come. */
const lasting = { short: 15, soak: 120 };
/** Series of a shard: the answer that slow clients read is longer than what the system holds for them. */
const series = 80;

export const overload: Check = {
  name: "overload",
  claim:
    "2,000 queries at once, 10,000 idle clients and 100 that read a byte a second: the gateway stays small, healthy, and leaks nothing",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  const files = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  if (files < crowdSize.idle + crowdSize.wave + 1000)
    return report.skip(
      "the crowd",
      `a process may have ${files} open files here, which is fewer than it has clients`,
    );
  await using place = new Workplace("overload");
  const fleet = await startStoredFleet(place, { shards: 2, replicas: 2, version: prometheus, series });
  await using closing = new AsyncDisposableStack();
  closing.defer(async () => await fleet.close());
  for (const { process: server } of fleet.servers.flat()) giveWay(server.pid, far);
  const servers = fleet.servers.map((shard) => shard.map(({ url }) => url));
  const gateway = await startGateway(place.folder, servers, prometheus);
  const { port } = new URL(gateway.url);
  const at = `time=${fleet.end}`;
  const paths = [
    `/api/v1/query?query=count(m)&${at}`,
    `/api/v1/query?query=sum(m)&${at}`,
    `/api/v1/query?query=quantile(0.5,m)&${at}`,
    `/api/v1/query?query=vector(1)`,
    `/api/v1/query_range?query=avg(m)&start=${fleet.start}&end=${fleet.end}&step=15`,
    `/api/v1/labels`,
  ];
  const crowd = new ToldProcess<CrowdOrder, CrowdReport>("overload/crowd.ts", port);
  const pulse = new ToldProcess<"report", PulseReport>("overload/pulse.ts", port);
  closing.defer(() => crowd.end());
  closing.defer(() => pulse.end());
  // all has been used once: what is there now stays
  await crowd.tell({ order: "wave", count: 200, paths });
  await untilElapsed(5000);
  const before = await stateOf(gateway);
  report.figure("before", said(before));

  await pulse.tell("report");
  await crowd.tell({ order: "idle", count: crowdSize.idle });
  report.figure("with 10,000 idle clients", said(await stateOf(gateway)));
  const long = `/api/v1/query_range?query=m&start=${fleet.start}&end=${fleet.end}&step=1`;
  await crowd.tell({ order: "slow", count: crowdSize.slow, path: long });
  const { answers, waves, longest } = await sendWaves(crowd, paths, soak ? lasting.soak : lasting.short);
  const over = performance.now();
  const recovered = await until("it answers again", bounds.recovered, async () => {
    const { status } = await ask(`${gateway.url}${paths[0]}`);
    return status === 200 ? performance.now() - over : undefined;
  });
  const { open } = await crowd.tell({ order: "wave", count: 1, paths });
  report.figure("in the crowd", said(await stateOf(gateway)));
  const page = await metricsPage(gateway.url);
  for (const name of [
    "answers_given_up_total",
    "connections_refused_total",
    "answers_on_their_way",
    "answers_on_their_way_bytes",
  ])
    report.figure(name, valueOf(page, `promfleet_gateway_${name}`));
  const aside = readFileSync(gateway.log, "utf8")
    .split("\n")
    .filter((line) => line.includes("put aside"));
  report.figure(
    "servers put aside",
    `${aside.length} times${aside
      .slice(0, 5)
      .map((line) => `; ${line}`)
      .join("")}`,
  );
  const { "200": good = 0, "503": refused = 0, ...others } = answers;
  report.claim(
    "each query is answered, or refused with 503, Retry-After and why",
    Object.keys(others).length === 0 && good > waves * 100,
    `${waves} waves of ${crowdSize.wave}: ${good} answered, ${refused} refused, others ${JSON.stringify(others).slice(0, 500)}; the last of a wave after ${(longest / 1000).toFixed(1)} s`,
  );
  report.claim("idle clients stay connected", open >= crowdSize.idle, `${open} connections`);
  const peak = peakResidentBytes(gateway.pid) / megabyte;
  report.claim(
    `memory under ${bounds.memoryMegabytes} MB`,
    peak < bounds.memoryMegabytes,
    `${peak.toFixed(0)} MB`,
  );
  report.figure("answers again", `${recovered.toFixed(0)} ms after the last wave`);

  await crowd.tell({ order: "leave" });
  claimHealthy(report, await pulse.tell("report"), soak);
  let after = before;
  const isBefore = () =>
    after.handles <= before.handles + bounds.handlesLeft &&
    after.heap <= before.heap + bounds.heapMegabytesLeft;
  await until("it is as before", 60_000, async () => {
    after = await stateOf(gateway);
    return isBefore();
  }).catch(() => undefined);
  if (!isBefore()) report.figure("connections that are left", connectionsOf(gateway.pid).join(", "));
  report.claim("nothing is left of it", isBefore(), said(after));
}

/** Crowds that ask all at once, one after the other for so many seconds. */
async function sendWaves(
  crowd: ToldProcess<CrowdOrder, CrowdReport>,
  paths: readonly string[],
  seconds: number,
): Promise<{ answers: Record<string, number>; waves: number; longest: number }> {
  const sum = { answers: {} as Record<string, number>, waves: 0, longest: 0 };
  const began = performance.now();
  while (performance.now() - began < seconds * 1000) {
    const { answers, longest } = await crowd.tell({ order: "wave", count: crowdSize.wave, paths });
    for (const [kind, count] of Object.entries(answers)) sum.answers[kind] = (sum.answers[kind] ?? 0) + count;
    sum.longest = Math.max(sum.longest, longest);
    sum.waves++;
  }
  return sum;
}

function claimHealthy(
  report: CheckContext["report"],
  { latencies, failed, heldUp }: PulseReport,
  soak: boolean,
): void {
  const ms = (q: number) => `${quantile(latencies, q).toFixed(0)} ms`;
  // in the short form everything has just been started on this machine, and what it has besides is not known: nearly all are in time
  const nearly = soak ? 1 : 0.95;
  report.claim(
    `/-/healthy within ${bounds.healthy} ms${soak ? " throughout" : ", 95 of 100"}`,
    failed.length === 0 &&
      latencies.length > 100 &&
      heldUp < latencies.length * 0.05 &&
      quantile(latencies, nearly) < bounds.healthy,
    `${latencies.length} asked, ${failed.length} failed ${failed[0] ?? ""}, ${heldUp} not counted as the asker had no processor, p50 ${ms(0.5)}, p99 ${ms(0.99)}, p99.9 ${ms(0.999)}, max ${ms(1)}`,
  );
}

interface State {
  /** Open files and sockets. */
  handles: number;
  /** MB: resident, used and kept of V8's heap, and buffers, by the gateway's own word. */
  resident: number;
  heap: number;
  heapTotal: number;
  buffers: number;
}

async function stateOf({ url, pid }: Pick<GatewayAlone, "url" | "pid">): Promise<State> {
  const page = await metricsPage(url);
  const told = (name: string) => valueOf(page, `nodejs_${name}_bytes`) / megabyte;
  return {
    handles: readdirSync(`/proc/${pid}/fd`).length,
    resident: residentBytes(pid) / megabyte,
    heap: told("heap_size_used"),
    heapTotal: told("heap_size_total"),
    buffers: told("external_memory"),
  };
}

/** Of an address as the kernel prints it. */
const portOf = (address = "") => Number.parseInt(address.split(":")[1] ?? "", 16);

/** Sockets of a process by what they are: local and remote port, and state as the kernel numbers it. */
function connectionsOf(pid: number): string[] {
  const inodes = new Set<string>();
  for (const handle of readdirSync(`/proc/${pid}/fd`)) {
    try {
      inodes.add(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${handle}`))?.[1] ?? "");
    } catch {
      // it was closed meanwhile
    }
  }
  const rows = readFileSync(`/proc/${pid}/net/tcp`, "utf8").trim().split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => inodes.has(fields[9] ?? ""))
    .map(([, local, remote, state]) => `${portOf(local)}-${portOf(remote)}/${state}`);
}

/** Of a metric without labels. */
const valueOf = (page: string, name: string): number =>
  Number(new RegExp(`^${name} (\\S+)`, "m").exec(page)?.[1]);

const said = ({ handles, resident, heap, heapTotal, buffers }: State) =>
  `${handles} handles, ${resident.toFixed(0)} MB resident, heap ${heap.toFixed(0)} of ${heapTotal.toFixed(0)} MB, buffers ${buffers.toFixed(0)} MB`;
