import type { Check, CheckContext } from "../harness/check.ts";
import { Fleet, declaration, partnerOf, untilScraped } from "../harness/fleet.ts";
import { metricsPage } from "../harness/gateway-metrics.ts";
import { type MatrixSeries, api } from "../harness/http.ts";
import { LoadGenerator, quantile } from "../harness/load.ts";
import { Random } from "../harness/random.ts";
import {
  answerOfShard,
  answerTo,
  difference,
  isOverShards,
  metricNames,
  randomQueries,
} from "../harness/random-queries.ts";
import { coverageOf, isWhole, untilWhole } from "../harness/replica-coverage.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

export const returning: Check = {
  name: "returning",
  claim:
    "a replica that was away comes back: queries over the gap are complete all the time, count(up) never dips, and it takes load again soon",
  bothVersions: false,
  soakOnly: false,
  run,
};

const perSecond = 20;
const queries = 40;
const seed = 20_261_126;
/** s in which a replica that is complete has to take load again. */
const loadWithin = 10;
/** s in which its part of the load is measured. */
const measured = 2;
/** s before now that the newest step of count(up) lies back: a scrape is stored when it is over. */
const settled = 2;

type Report = CheckContext["report"];

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  report.figure("seed", seed);
  await using place = new Workplace("returning");
  const fleet = new Fleet(place);
  const { gateway, servers } = await fleet.up(declaration(prometheus, "1s"));
  const upSince = Date.now() / 1000;
  for (const server of servers) await untilScraped(server, upSince);
  const load = new LoadGenerator(gateway, perSecond);
  const random = new Random(seed);
  // one of either shard, and of either letter
  for (const name of soak ? ["main-0-a", "main-1-b"] : ["main-0-a"])
    await awayAndBack(report, fleet, gateway, name, soak ? 120 : 15, random);
  const { sent, failures, latencies } = await load.stop();
  for (const failure of failures.slice(0, 5)) report.figure("failed", failure);
  report.claim(
    "no query fails meanwhile",
    failures.length === 0,
    `${failures.length} of ${sent} failed, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`,
  );
}

async function awayAndBack(
  report: Report,
  fleet: Fleet,
  gateway: string,
  name: string,
  seconds: number,
  random: Random,
): Promise<void> {
  const partner = await partnerOf(fleet, name);
  const { shard } = partner;
  await untilWhole(gateway, name, 60_000);
  const before = await partOfLoad(gateway, name, shard);
  const targets = await countUp(gateway, Date.now() / 1000 - settled);
  const from = Date.now() / 1000;
  await fleet.run("server", "stop", name);
  const steps = new CountUp(gateway, targets, from - 1);
  await untilElapsed(seconds * 1000);
  const hole = { from: from + 3, to: Date.now() / 1000 - 1 };
  await fleet.run("server", "start", name);
  const [started, back] = [performance.now(), Date.now() / 1000];

  const asked = randomQueries(queries, await metricNames(partner.url, hole), hole, () =>
    random.next(),
  ).filter((one) => !isOverShards(one));
  const wanted = await Promise.all(asked.map(async (one) => await answerTo(partner.url, one)));
  const instances = await api<string[]>(partner.url, "label/instance/values");
  const wrong: string[] = [];
  let rounds = 0;
  const compareAll = async () => {
    rounds++;
    for (const [index, one] of asked.entries()) {
      const found = difference(one, wanted[index] ?? [], await answerOfShard(gateway, one, instances));
      if (found !== undefined) wrong.push(found);
    }
  };
  // while it starts, lacks what it missed, and gets it
  const complete = await until(`${name} is complete`, 120_000, async () => {
    await compareAll();
    return isWhole(await coverageOf(gateway, name), back) && performance.now();
  });
  const part = await takesLoad(gateway, name, shard, before);
  await compareAll();
  const dips = await steps.stop();

  for (const one of wrong.slice(0, 3)) report.figure("differs", one);
  const told = wanted.filter((answer) => answer.length > 0).length;
  report.claim(
    `${name}, ${seconds} s away, queries over the gap like its partner`,
    wrong.length === 0 && told > asked.length / 4,
    `${wrong.length} of ${rounds * asked.length} differ, ${told} of ${asked.length} with series`,
  );
  for (const dip of dips.slice(0, 3)) report.figure("dips", dip);
  report.claim(
    `${name}, count(up) at steps of 1 s never dips`,
    dips.length === 0 && steps.asked > seconds,
    `${dips.length} dips in ${steps.points} points of ${steps.asked} queries, always ${targets}`,
  );
  report.figure(`${name} complete`, `${((complete - started) / 1000).toFixed(1)} s after it was let start`);
  report.claim(
    `${name} takes load again within ${loadWithin} s of being complete`,
    part !== undefined && part.after < loadWithin,
    part
      ? `${percent(part.share)} of its shard's requests after ${part.after.toFixed(1)} s, before ${percent(before)}`
      : `nothing like the ${percent(before)} of before`,
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

async function countUp(gateway: string, at: number): Promise<number> {
  const { result } = await api<{ result: { value: [number, string] }[] }>(gateway, "query", {
    query: "count(up)",
    time: String(at),
  });
  return Number(result[0]?.value[1] ?? 0);
}

/** Requests that servers have been sent, by server. */
async function requests(gateway: string): Promise<Map<string, { shard: string; count: number }>> {
  const page = await metricsPage(gateway);
  const found = new Map<string, { shard: string; count: number }>();
  for (const [, labels = "", value] of page.matchAll(
    /^promfleet_gateway_replica_requests_total\{(.*)\} (\S+)$/gm,
  )) {
    const label = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(labels)?.[1] ?? "";
    const count = (found.get(label("server"))?.count ?? 0) + Number(value);
    found.set(label("server"), { shard: label("shard"), count });
  }
  return found;
}

/** Which part of the requests to a shard a server is sent. */
async function partOfLoad(gateway: string, name: string, shard: string): Promise<number> {
  const first = await requests(gateway);
  await untilElapsed(measured * 1000);
  let own = 0;
  let all = 0;
  for (const [server, { shard: of, count }] of await requests(gateway)) {
    if (of !== shard) continue;
    const more = count - (first.get(server)?.count ?? 0);
    all += more;
    if (server === name) own += more;
  }
  return own / all;
}

/** @returns when it was sent half of what it was sent before, s from now; undefined where it never is */
async function takesLoad(
  gateway: string,
  name: string,
  shard: string,
  before: number,
): Promise<{ share: number; after: number } | undefined> {
  const began = performance.now();
  while (performance.now() - began < 2 * loadWithin * 1000) {
    const share = await partOfLoad(gateway, name, shard);
    if (share > 0 && share >= before / 2) return { share, after: (performance.now() - began) / 1000 };
  }
  return undefined;
}

/** Asks for count(up) again and again, from a moment before the gap until now. */
class CountUp {
  asked = 0;
  points = 0;
  readonly #dips: string[] = [];
  readonly #over = new AbortController();
  readonly #running: Promise<void>;

  constructor(gateway: string, targets: number, from: number) {
    this.#running = this.#run(gateway, targets, from);
  }

  /** @returns what was not as many as there are */
  async stop(): Promise<readonly string[]> {
    this.#over.abort();
    await this.#running;
    return this.#dips;
  }

  async #run(gateway: string, targets: number, from: number): Promise<void> {
    for (; !this.#over.signal.aborted; await untilElapsed(500)) {
      const end = Date.now() / 1000 - settled;
      if (end < from) continue;
      const params = { query: "count(up)", start: from.toFixed(3), end: end.toFixed(3), step: "1" };
      this.asked++;
      const answer = await api<{ result: MatrixSeries[] }>(gateway, "query_range", params).catch(
        (error: unknown) => void this.#dips.push(String(error)),
      );
      if (!answer) continue;
      const values = answer.result[0]?.values ?? [];
      this.points += values.length;
      const wanted = Math.floor(end - from) + 1;
      if (values.length < wanted) this.#dips.push(`${values.length} points instead of ${wanted}`);
      for (const [time, value] of values)
        if (Number(value) !== targets)
          this.#dips.push(`${value} instead of ${targets} at ${time}, asked at ${end}`);
    }
  }
}
