import { apiRequests } from "../conformance/apis.ts";
import { compareAnswers } from "../conformance/compare.ts";
import { conformanceQueries, demoSamples, queryRange } from "../conformance/samples.ts";
import { splitByShard, storeFlags } from "../conformance/sharded-samples.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { type Fault, FaultProxy } from "../harness/fault-proxy.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { serversAreWell } from "../harness/gateway-metrics.ts";
import { type ApiAnswer, type Heard, ask, post } from "../harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../harness/prometheus-server.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";
import { parse } from "../../src/promql/parse.ts";
import { selectors } from "../../src/promql/selectors.ts";

export const lostShard: Check = {
  name: "lost-shard",
  claim: "a shard lost in any way is a 503 with its name within a second, for every query that touches it",
  bothVersions: false,
  soakOnly: false,
  run,
};

/** Something that is asked of the gateway, and what it says while all is well. */
interface Asked {
  name: string;
  send(gateway: string): Promise<Heard>;
}

const lost = "1";
/** ms */
const longest = 1000;

/** Done to both replicas of the shard. Where the place is drawn, an answer may be whole by chance. */
const faults: readonly { name: string; fault: Fault }[] = [
  { name: "refusing", fault: { kind: "refuse" } },
  { name: "hung", fault: { kind: "hang" } },
  { name: "hung in the middle of a line", fault: { kind: "hang", after: 100 } },
  { name: "trickled", fault: { kind: "trickle", perSecond: 20 } },
  { name: "delayed by 3 s", fault: { kind: "delay", ms: 3000 } },
  { name: "cut within the headers", fault: { kind: "cut", after: 60 } },
  { name: "cut anywhere", fault: { kind: "cut", after: "anywhere" } },
  { name: "corrupted in the status", fault: { kind: "corrupt", at: 9 } },
  { name: "corrupted anywhere", fault: { kind: "corrupt", at: "anywhere" } },
];

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("lost-shard");
  const parts = splitByShard(demoSamples(), 2);
  const servers: PrometheusServer[][] = [];
  for (const [shard, part] of parts.entries()) {
    const pair = ["a", "b"].map(
      async (name) =>
        await startPrometheus({
          folder: place.path(`${shard}${name}`),
          version: prometheus,
          config: "global: {}\n",
          flags: storeFlags,
        }),
    );
    servers.push(await Promise.all(pair));
    for (const { url } of servers[shard] ?? []) await remoteWrite(url, part);
  }
  const proxies = await Promise.all(
    servers.map(async (pair) => await Promise.all(pair.map(async ({ url }) => await FaultProxy.start(url)))),
  );
  await using closing = new AsyncDisposableStack();
  for (const proxy of proxies.flat()) closing.use(proxy);
  const urls = proxies.map((pair) => pair.map(({ url }) => url));
  const gateway = await startGateway(place.folder, urls, prometheus);
  const hit = proxies[Number(lost)] ?? [];
  const pids = (servers[Number(lost)] ?? []).map(({ process: { pid } }) => pid);

  const touching = await touchingRequests(gateway.url, soak ? 1 : 8);
  report.figure("requests that touch every shard", touching.size);
  report.claim("there are many of them", touching.size > (soak ? 900 : 100), touching.size);
  const mended = async () => {
    for (const proxy of hit) {
      proxy.fault = { kind: "none" };
      proxy.reset();
    }
    const [first] = touching.keys();
    await until("the shard is back", 60_000, async () => (await first?.send(gateway.url))?.status === 200);
    await until("all servers are well", 60_000, async () => await serversAreWell(gateway.url));
  };
  const signal = (name: NodeJS.Signals) => {
    for (const pid of pids) process.kill(pid, name);
  };
  for (const { name, fault } of faults) {
    const breakIt = () => {
      for (const proxy of hit) proxy.fault = fault;
    };
    await claimLost(report, gateway.url, name, touching, breakIt);
    await mended();
  }
  await claimLost(report, gateway.url, "stopped", touching, () => signal("SIGSTOP"));
  signal("SIGCONT");
  await mended();
  await claimLost(report, gateway.url, "killed", touching, () => signal("SIGKILL"));
}

/** The first request comes in the very moment in which the shard is lost, the others after it. */
async function claimLost(
  report: CheckContext["report"],
  gateway: string,
  name: string,
  touching: ReadonlyMap<Asked, string>,
  breakIt: () => void,
): Promise<void> {
  const wrong: string[] = [];
  const took: number[] = [];
  const mayBeWhole = name.endsWith("anywhere");
  let whole = 0;
  breakIt();
  for (const [asked, good] of touching) {
    const { status, body, took: ms } = await asked.send(gateway);
    took.push(ms);
    const text = body.toString();
    const isNamed = status === 503 && text.includes(`shard ${lost} is unavailable`);
    const isWhole = mayBeWhole && status === 200 && isSame(text, good);
    if (isWhole) whole++;
    if (isNamed ? ms < longest : isWhole) continue;
    wrong.push(`${asked.name}: ${status} in ${ms.toFixed(0)} ms: ${text.slice(0, 200)}`);
  }
  for (const one of wrong.slice(0, 5)) report.figure("not so", one);
  const figures = `first ${(took[0] ?? 0).toFixed(0)} ms, then at most ${Math.max(...took.slice(1)).toFixed(0)} ms`;
  const byChance = mayBeWhole ? `, ${whole} whole by chance` : "";
  report.claim(
    `503 with its name: ${name}`,
    wrong.length === 0,
    `${wrong.length} of ${took.length} not, ${figures}${byChance}`,
  );
}

/** Instant vectors have no order. */
function isSame(text: string, good: string): boolean {
  if (text === good) return true;
  const [reference, answer] = [JSON.parse(good) as ApiAnswer, JSON.parse(text) as ApiAnswer];
  if (Array.isArray(reference.data) || Array.isArray(answer.data)) return false;
  const { difference, bitEqual } = compareAnswers(reference, answer);
  return difference === undefined && bitEqual;
}

/** What is answered by 200, with data of all shards, while all is well. @param every takes one in so many queries */
async function touchingRequests(gateway: string, every: number): Promise<Map<Asked, string>> {
  const { start, end, step } = queryRange;
  const queries = conformanceQueries().filter((query, index) => {
    const expression = parse(query);
    return index % every === 0 && expression && selectors(expression).length > 0;
  });
  const asked = queries.flatMap((query): Asked[] => [
    {
      name: `instant ${query}`,
      send: async (base) => await post(`${base}/api/v1/query`, { query, time: String(end) }),
    },
    {
      name: `range ${query}`,
      send: async (base) =>
        await post(`${base}/api/v1/query_range`, {
          query,
          start: String(start),
          end: String(end),
          step: String(step),
        }),
    },
  ]);
  const forAll = apiRequests.filter(({ path }) => !["query", "format_query", "parse_query"].includes(path));
  const apis = forAll.map(({ name, path, params = [] }): Asked => {
    const search = new URLSearchParams(params.map(([key, value]): [string, string] => [key, value]));
    return { name, send: async (base) => await ask(`${base}/api/v1/${path}?${search.toString()}`) };
  });
  const good = new Map<Asked, string>();
  for (const one of [...asked, ...apis]) {
    const { status, body } = await one.send(gateway);
    if (status === 200) good.set(one, body.toString());
  }
  return good;
}
