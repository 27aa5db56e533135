import { Asking } from "../chaos/asking.ts";
import { startChaosFleet, times } from "../chaos/chaos-fleet.ts";
import { CoverageLog, upSamples } from "../chaos/coverage-log.ts";
import { Judge } from "../chaos/judge.ts";
import { Mischief } from "../chaos/mischief.ts";
import { reach } from "../chaos/questions.ts";
import { Random, seedOfRun } from "../harness/random.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { metricsPage } from "../harness/gateway-metrics.ts";
import { quantile } from "../harness/load.ts";
import { untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

const perSecond = 50;
/** s */
const lasting = { short: 40, soak: 600 };

export const chaos: Check = {
  name: "chaos",
  claim:
    "50 queries a second while servers, their answers, the evaluator and the topology break at random: none fails, each is right",
  bothVersions: false,
  soakOnly: false,
  run,
};

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("chaos");
  const seed = seedOfRun();
  report.figure("PROMFLEET_SEED", seed);
  const random = new Random(seed);
  const replicas = await startChaosFleet(place, prometheus, () => random.next());
  await using proxies = new AsyncDisposableStack();
  for (const { proxy } of replicas) proxies.use(proxy);
  for (const replica of replicas) await replica.untilGood();
  const since = Date.now() / 1000;
  const urls = [0, 1].map((shard) =>
    replicas.filter((replica) => replica.shard === shard).map(({ proxy }) => proxy.url),
  );
  const further = { evaluator: { lookback: `${times.lookback}s` }, coverage: { missedScrapes: 2 } };
  const gateway = await startGateway(place.folder, urls, prometheus, further);
  // what is asked for first lies in the time in which all of them scrape
  await untilElapsed(reach * 1000);
  const asking = new Asking(gateway.url, perSecond, new Random(seed + 1));
  await using known = new CoverageLog(gateway.url, () => asking.elapsed);
  const mischief = new Mischief({
    replicas,
    gateway,
    topology: [urls, prometheus, further],
    random,
    now: () => asking.elapsed,
    evaluatorEvery: soak ? 100 : lasting.short,
    stopEvaluator: soak,
  });
  const seconds = soak ? lasting.soak : lasting.short;
  await untilElapsed(seconds * 1000);
  await asking.stop();
  await mischief.stop();

  const broken = [...mischief.counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
  report.figure("broken", broken);
  report.figure("second requests and stalls", await counted(gateway.url));
  const { failures, sent } = asking;
  for (const failure of failures.slice(0, 10)) report.figure("failed", failure);
  report.claim(
    "no query fails",
    failures.length === 0 && sent >= perSecond * seconds * 0.95,
    `${failures.length} of ${sent} failed`,
  );
  const latencies = asking.latencies.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const ms = (q: number) => `${quantile(latencies, q).toFixed(0)} ms`;
  for (const { at, ms: took, what } of asking.latencies.toSorted((a, b) => b.ms - a.ms).slice(0, 3))
    report.figure("slow", `at ${at.toFixed(1)} s ${what}: ${took.toFixed(0)} ms`);
  const told = `p50 ${ms(0.5)}, p95 ${ms(0.95)}, p99 ${ms(0.99)}, max ${ms(1)}`;
  // half a minute, in which programs are still starting, says nothing of latency: the long form does
  if (soak) report.claim("p99 under a second", quantile(latencies, 0.99) < 1000, told);
  else report.figure("latency", told);
  const judge = await Judge.start(place, prometheus, replicas, since);
  const missed = replicas
    .map((one) => `${one.shard}${one.name} ${judge.missed(one).toFixed(0)} s`)
    .join(", ");
  report.figure("scrapes missed, all targets together", missed);
  const { answers, bitEqual, cuts, wrong } = await judge.judge([...asking.answers.values()]);
  for (const { at, question, why } of wrong.slice(0, 10))
    report.figure("wrong", `at ${at.toFixed(1)} s ${question.text}: ${why}`);
  report.claim(
    "every answer is that of one replica a shard that has all of it",
    wrong.length === 0 && answers > seconds * 10,
    `${wrong.length} of ${answers} different answers are not, ${bitEqual} equal to the bit, ${cuts} with no such replica`,
  );
  report.claim("hardly any is without such a replica", cuts < answers * 0.05, cuts);
  const [first] = wrong;
  if (first) {
    const { from, to } = first.question;
    for (const line of known.around(first.at)) report.figure("known", line);
    for (const line of await upSamples(replicas, from, to + 10)) report.figure(`up, s after ${from}`, line);
  }
  if (failures.length > 0 || wrong.length > 0) for (const line of mischief.log) report.figure("log", line);
}

async function counted(gateway: string): Promise<string> {
  const lines = (await metricsPage(gateway))
    .split("\n")
    .filter((line) => /^promfleet_gateway_(second|replica_stalls)/.test(line));
  return lines.map((line) => line.replace("promfleet_gateway_", "")).join(", ");
}
