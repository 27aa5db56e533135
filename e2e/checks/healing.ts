import { spawn } from "node:child_process";
import type { Check, CheckContext } from "../harness/check.ts";
import { Fleet, type FleetServer, partnerOf } from "../harness/fleet.ts";
import { type MatrixSeries, api, raw } from "../harness/http.ts";
import { LoadGenerator, quantile } from "../harness/load.ts";
import { markedEnvironment, untilGone } from "../harness/processes.ts";
import { promfleetProgram } from "../harness/promfleet.ts";
import {
  type FixedQuery,
  answerOfShard,
  answerTo,
  answers,
  difference,
  isOverShards,
  metricNames,
  randomQueries,
} from "../harness/random-queries.ts";
import { Random } from "../harness/random.ts";
import { untilWhole } from "../harness/replica-coverage.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

export const healing: Check = {
  name: "healing",
  claim:
    "a replica that was away gets what it missed: its partner stopped, queries over the hole are answered as before",
  bothVersions: true,
  soakOnly: false,
  run,
};

const perSecond = 10;
const queries = 200;
/** Of which so many go through the gateway as well. */
const throughGateway = 40;
const seed = 20_261_125;
/** ms in which the gateway has looked at what a server was given. */
const knownWithin = 20_000;

type Report = CheckContext["report"];

/** Status of a server as far as this reads it. */
interface Server extends FleetServer {
  state: string;
  healing: { now: unknown; last: { at: string; samples: number; seconds: number } | null } | null;
}

/** s since 1970. */
interface Stretch {
  from: number;
  to: number;
}

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  report.figure("seed", seed);
  await using place = new Workplace("healing");
  // one after the other: two that choose their ports at the same moment may choose the same
  const fleet = new Fleet(place);
  await fleet.up(declaration(prometheus, 2, 6, "2h"));
  const off = new Fleet(place, "off-");
  await off.up(declaration(prometheus, 1, 3, "0s"));
  await Promise.all([withHealing(report, fleet, soak), withoutHealing(report, off, soak ? 60 : 14)]);
}

async function withHealing(report: Report, fleet: Fleet, soak: boolean): Promise<void> {
  const numbers = new Random(seed);
  const random = () => numbers.next();
  const { gateway, servers } = await until("the fleet is whole", 60_000, async () => {
    const status = await fleet.status();
    return status.whole ? status : undefined;
  });
  const load = new LoadGenerator(gateway, perSecond);
  let took = 0;
  try {
    for (const [turn, seconds] of (soak ? [60, 180, 300, 600] : [14]).entries())
      took = await loseAndHeal(
        report,
        fleet,
        gateway,
        servers[turn]?.name ?? "",
        seconds,
        turn % 2 === 0,
        random,
      );
  } finally {
    const { sent, failures, latencies } = await load.stop();
    for (const failure of failures.slice(0, 5)) report.figure("failed", failure);
    report.claim(
      "queries through the gateway meanwhile",
      failures.length === 0,
      `${failures.length} of ${sent} failed, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`,
    );
  }
  await killHealing(report, fleet, servers[3]?.name ?? "", soak ? 120 : 14, took * 400, random);
}

/** Rules, of which one comes and goes, so that there are stale markers. */
function declaration(prometheus: string, shards: number, demo: number, window: string): string {
  return `apiVersion: promfleet.dev/v1alpha1
kind: PrometheusFleet
metadata: {name: main}
spec:
  shards: ${shards}
  replicas: 2
  prometheus: {version: "${prometheus}", scrapeInterval: 1s, evaluationInterval: 1s, outOfOrderWindow: ${window}}
  monitoring: {fleet: true, node: false, demo: ${demo}}
  rules:
    - name: healed
      rules:
        - {record: "instance:up", expr: up}
        - {record: "instance:up:at_times", expr: "up == 1 and timestamp(up) % 6 < 3"}
        - {alert: Up, expr: up == 1}
`;
}

async function serverNamed(fleet: Fleet, name: string): Promise<Server> {
  const found = (await fleet.status()).servers.find((one) => one.name === name) as Server | undefined;
  if (!found) throw new Error(`there is no server ${name}`);
  return found;
}

/** Takes a server away for so long and has it come back: gives when it was certainly away, s. */
async function away(fleet: Fleet, name: string, seconds: number, isKilled: boolean): Promise<Stretch> {
  let gone: Stretch;
  if (isKilled) {
    const { servers, supervisor } = await fleet.status();
    const pid = servers.find((one) => one.name === name)?.pid ?? 0;
    // one that is held up restarts nobody
    process.kill(supervisor.pid, "SIGSTOP");
    try {
      process.kill(pid, "SIGKILL");
      await untilGone(pid);
      gone = await stretchOf(seconds);
    } finally {
      process.kill(supervisor.pid, "SIGCONT");
    }
  } else {
    await fleet.run("server", "stop", name);
    gone = await stretchOf(seconds);
    await fleet.run("server", "start", name);
  }
  return gone;
}

async function stretchOf(seconds: number): Promise<Stretch> {
  const from = Date.now() / 1000;
  await untilElapsed(seconds * 1000);
  return { from, to: Date.now() / 1000 };
}

/** A stretch without what stands so near its ends that it may be left out: half an interval, and a scrape under way. */
function inside({ from, to }: Stretch): Stretch {
  // a server that starts quickly evaluates its rules at once
  return { from: from + 1.6, to: to - 0.6 };
}

async function untilHealed(fleet: Fleet, name: string, since: number): Promise<Server> {
  return await until(`${name} is healed`, 60_000, async () => {
    const server = await serverNamed(fleet, name);
    const at = Date.parse(server.healing?.last?.at ?? "") / 1000;
    return server.healing?.now === null && at > since ? server : undefined;
  });
}

/** @returns how long healing took, s */
async function loseAndHeal(
  report: Report,
  fleet: Fleet,
  gateway: string,
  name: string,
  seconds: number,
  isKilled: boolean,
  random: () => number,
): Promise<number> {
  const partner = await partnerOf(fleet, name);
  // so long it was whole before
  await untilElapsed(5000);
  const gone = await away(fleet, name, seconds, isKilled);
  const server = await untilHealed(fleet, name, gone.from);
  const { samples = 0, seconds: took = 0, at = "" } = server.healing?.last ?? {};
  report.figure(
    `${name}, ${isKilled ? "killed" : "stopped"}, ${(gone.to - gone.from).toFixed(0)} s away`,
    `${samples} samples in ${took.toFixed(1)} s, whole ${(Date.parse(at) / 1000 - gone.to).toFixed(1)} s after it was let start`,
  );
  const hole = inside(gone);
  await compareRaw(report, `${name}, every sample of the hole`, server, partner, hole);
  const names = await metricNames(partner.url, hole);
  const asked = randomQueries(queries, names, hole, random);
  const before = await Promise.all(asked.map(async (one) => await answerTo(partner.url, one)));
  // of the other shard, either replica may be asked at any moment
  const instances = await api<string[]>(partner.url, "label/instance/values");
  const ofShard = async (one: FixedQuery) => await answerOfShard(gateway, one, instances);
  const publicly = asked.filter((one) => !isOverShards(one)).slice(0, throughGateway);
  const seen: Awaited<ReturnType<typeof answerTo>>[] = [];
  for (const one of publicly) seen.push(await ofShard(one));
  const known = await untilWhole(gateway, name, knownWithin, gone.to);
  report.figure(`${name}, known to the gateway`, `${known.toFixed(1)} s later`);
  await fleet.run("server", "stop", partner.name);
  const differences: string[] = [];
  for (const [index, one] of asked.entries()) {
    const wrong = difference(one, before[index] ?? [], await answerTo(server.url, one));
    if (wrong !== undefined) differences.push(wrong);
  }
  for (const wrong of differences.slice(0, 3)) report.figure("differs", wrong);
  const told = before.filter((answer) => answer.length > 0).length;
  report.claim(
    `${name}, its partner stopped, queries over the hole`,
    differences.length === 0 && told > queries / 4,
    `${differences.length} of ${queries} differ, ${told} with series`,
  );
  const changed: string[] = [];
  for (const [index, one] of publicly.entries()) {
    const wrong = difference(one, seen[index] ?? [], await ofShard(one));
    if (wrong !== undefined) changed.push(wrong);
  }
  for (const wrong of changed.slice(0, 3)) report.figure("differs", wrong);
  report.claim(
    `${name}, its partner stopped, the same through the gateway`,
    changed.length === 0 && seen.filter((answer) => answer.length > 0).length > throughGateway / 4,
    `${changed.length} of ${publicly.length} differ`,
  );
  const since = Date.now() / 1000;
  await fleet.run("server", "start", partner.name);
  await untilHealed(fleet, partner.name, since);
  await untilWhole(gateway, partner.name, knownWithin, since);
  return took;
}

/** Claims that both have the same samples in a stretch of time, and the server none too close to another. */
async function compareRaw(
  report: Report,
  what: string,
  server: FleetServer,
  partner: FleetServer,
  { from, to }: Stretch,
): Promise<void> {
  const query = `{__name__=~".+"}[${Math.round((to - from) * 1000)}ms]`;
  const read = async (one: FleetServer) =>
    new Map((await raw(one.url, query, to)).map((series) => [JSON.stringify(series.metric), series]));
  const [own, theirs] = [await read(server), await read(partner)];
  const lacking = [...theirs].filter(([key, one]) => JSON.stringify(own.get(key)) !== JSON.stringify(one));
  const more = [...own.keys()].filter((key) => !theirs.has(key));
  for (const [key, one] of lacking.slice(0, 3))
    report.figure("differs", `${key}: ${points(own.get(key))} instead of ${points(one)}`);
  const total = [...theirs.values()].reduce((sum, one) => sum + amount(one), 0);
  const histograms = [...theirs.values()].filter((one) => "histograms" in one).length;
  report.claim(
    what,
    lacking.length === 0 && more.length === 0 && total > 1000,
    `${lacking.length} of ${theirs.size} series differ, ${more.length} are too many, ${total} samples, ${histograms} series of native histograms`,
  );
  const close = await closest(server, from - 6, to + 6);
  report.claim(
    `${what}: scrapes of two are not mixed`,
    close.least > 0.45 && close.most < 1.9,
    `${close.least.toFixed(2)} to ${close.most.toFixed(2)} s between two`,
  );
}

/** The least and the most time between two samples of a target around a stretch, s. */
async function closest(
  { url }: FleetServer,
  from: number,
  to: number,
): Promise<{ least: number; most: number }> {
  const all = await raw(url, `up{job="demo"}[${Math.round((to - from) * 1000)}ms]`, to);
  const deltas = all.flatMap(({ values }) =>
    values.slice(1).map(([time], index) => time - (values[index]?.[0] ?? 0)),
  );
  return { least: Math.min(...deltas), most: Math.max(...deltas) };
}

const amount = (series: Partial<MatrixSeries> & { histograms?: unknown[] }): number =>
  (series.values?.length ?? 0) + (series.histograms?.length ?? 0);

const points = (series: MatrixSeries | undefined): string =>
  series ? `${amount(series)} samples` : "nothing";

/**
 * Without a supervisor: healing by hand, ended by SIGKILL again and again.
 * @param longest ms after the first word of one at which it is killed
 */
async function killHealing(
  report: Report,
  fleet: Fleet,
  name: string,
  seconds: number,
  longest: number,
  random: () => number,
): Promise<void> {
  const partner = await partnerOf(fleet, name);
  const { pid } = await serverNamed(fleet, name);
  const { supervisor } = await fleet.status();
  process.kill(supervisor.pid, "SIGSTOP");
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  const gone = await stretchOf(seconds);
  process.kill(supervisor.pid, "SIGCONT");
  // under another address, where somebody else has taken its port meanwhile
  const server = await until(`${name} is back`, 60_000, async () => {
    const now = await serverNamed(fleet, name);
    return now.pid !== pid && (await answers(now.url)) ? now : undefined;
  });
  // before it has two good scrapes, after which it would be healed
  process.kill(supervisor.pid, "SIGKILL");
  const to = Date.now() / 1000;
  await until(`${name} is scraping`, 30_000, async () => {
    const up = await raw(server.url, 'up{job="demo"}[1h]');
    return up.length > 0 && up.every(({ values }) => (values.at(-1)?.[0] ?? 0) > to + 2);
  });
  const hole = inside(gone);
  const left = await samplesIn(server, hole);
  report.claim("the hole is there before anybody heals", left === 0, `${left} samples in it`);
  const written: number[] = [];
  for (let round = 0; round < 10; round++) {
    await healAndKill(fleet, name, random() * longest);
    written.push(await samplesIn(server, hole));
  }
  const whole = await samplesIn(partner, hole);
  report.figure("samples after each killed healing", `${written.join(", ")} of ${whole}`);
  const middle = written.filter((samples) => samples > 0 && samples < whole).length;
  report.claim("healing was killed in the middle", middle > 0, `${middle} times`);
  const ran = await fleet.run("heal", name, "-o", "json");
  report.claim("healing runs to its end", ran.code === 0, `exit code ${ran.code}`);
  await compareRaw(report, "killed ten times, then ended, every sample of the hole", server, partner, hole);
  const again = await fleet.run("heal", name, "-o", "json");
  const { servers } = JSON.parse(again.stdout) as { servers: { samples: number }[] };
  report.claim("once more nothing is missing", servers[0]?.samples === 0, `${servers[0]?.samples} samples`);
}

async function samplesIn({ url }: FleetServer, { from, to }: Stretch): Promise<number> {
  const all = await raw(url, `{__name__=~".+"}[${Math.round((to - from) * 1000)}ms]`, to);
  return all.reduce((sum, one) => sum + amount(one), 0);
}

/** @param after ms from its first word */
async function healAndKill(fleet: Fleet, name: string, after: number): Promise<void> {
  const child = spawn(promfleetProgram, ["heal", name, "--state", fleet.state], {
    stdio: ["ignore", "ignore", "pipe"],
    env: markedEnvironment(),
  });
  const ended = Promise.withResolvers<void>();
  const spoke = Promise.withResolvers<void>();
  child.once("close", () => ended.resolve());
  child.stderr.on("data", () => spoke.resolve());
  await Promise.race([spoke.promise, ended.promise]);
  await Promise.race([untilElapsed(after), ended.promise]);
  child.kill("SIGKILL");
  await ended.promise;
}

/** Switched off, nothing is written, and whoever asks the gateway does not notice. */
async function withoutHealing(report: Report, fleet: Fleet, seconds: number): Promise<void> {
  const { gateway } = await fleet.status();
  await untilElapsed(6000);
  const gone = await away(fleet, "main-0-a", seconds, false);
  const server = await serverNamed(fleet, "main-0-a");
  await until("it is scraping", 30_000, async () => {
    const up = await raw(server.url, 'up{job="demo"}[1h]');
    return up.length > 0 && up.every(({ values }) => (values.at(-1)?.[0] ?? 0) > gone.to + 5);
  });
  const ran = await fleet.run("heal");
  report.claim(
    "switched off, healing says so",
    ran.code === 3 && ran.stderr.includes("HEALING_OFF"),
    ran.code ?? "",
  );
  const { healing: status } = await serverNamed(fleet, "main-0-a");
  const hole = inside(gone);
  const left = await samplesIn(server, hole);
  report.claim("switched off, the hole stays", left === 0 && status === null, `${left} samples in it`);
  const { result } = await api<{ result: MatrixSeries[] }>(gateway, "query_range", {
    query: 'min(count_over_time(up{job="demo"}[5s]))',
    start: String(gone.from - 2),
    end: String(gone.to + 4),
    step: "1",
  });
  const least = Math.min(...(result[0]?.values ?? []).map(([, value]) => Number(value)));
  report.claim(
    "and the gateway answers from the other replica",
    least >= 4,
    `at least ${least} scrapes in 5 s`,
  );
}
