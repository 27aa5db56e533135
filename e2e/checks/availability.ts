import type { Check, CheckContext } from "../harness/check.ts";
import { Fleet, type FleetDocument, declaration, gatewayPid, untilScraped } from "../harness/fleet.ts";
import { ask, post } from "../harness/http.ts";
import { LoadGenerator, mix, quantile, sendProbe } from "../harness/load.ts";
import { isAlive, untilGone } from "../harness/processes.ts";
import { coverageOf, isWhole } from "../harness/replica-coverage.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

const perSecond = 20;

export const availability: Check = {
  name: "availability",
  claim:
    "no query fails while every server and the evaluator are killed; a lost shard is a 503 with its name",
  bothVersions: true,
  soakOnly: false,
  run,
};

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("availability");
  const fleet = new Fleet(place);
  const began = performance.now();
  const document = await fleet.up(declaration(prometheus, "1s"));
  report.figure("up took", `${((performance.now() - began) / 1000).toFixed(1)} s`);
  report.claim(
    "four servers",
    document.servers.length === 4,
    document.servers.map((one) => one.name).join(" "),
  );
  const upSince = Date.now() / 1000;
  for (const server of document.servers) await untilScraped(server, upSince);

  await killEachUnderLoad(report, fleet, document, soak ? 60 : 20);
  await hangUnderLoad(report, fleet, soak ? 5000 : 2000);
  await loseShard(report, fleet);
  await killGateway(report, fleet);
  const down = await fleet.run("down");
  report.claim("down ends the fleet", down.code === 0, `exit code ${down.code}`);
  const alive = document.servers.filter((server) => isAlive(server.pid));
  report.claim("no server is left", alive.length === 0, alive.map((one) => one.name).join(" "));
}

/** Must show: 20 queries a second while every server, then the evaluator, is killed once. */
async function killEachUnderLoad(
  report: CheckContext["report"],
  fleet: Fleet,
  document: FleetDocument,
  seconds: number,
): Promise<void> {
  const generator = new LoadGenerator(document.gateway, perSecond);
  const pauses: string[] = [];
  // some quiet seconds first: they show how much there is in each answer
  await untilElapsed(3000);
  for (const server of document.servers) {
    const killed = Date.now();
    process.kill(server.pid, "SIGKILL");
    await untilGone(server.pid);
    const again = await until(`${server.name} runs again`, 60_000, async () => {
      const now = (await fleet.status()).servers.find((one) => one.name === server.name);
      return now && now.pid !== server.pid && isAlive(now.pid) ? now : undefined;
    });
    await untilScraped(again, killed / 1000);
    await untilWhole(document.gateway, server.name);
    pauses.push(`${server.name} ${((Date.now() - killed) / 1000).toFixed(1)} s`);
  }
  const killed = Date.now();
  process.kill(document.evaluator.pid, "SIGKILL");
  await untilEvaluator(fleet, document.evaluator.pid);
  pauses.push(`evaluator ${((Date.now() - killed) / 1000).toFixed(1)} s`);
  await untilElapsed(Math.max(2000, seconds * 1000 - generator.elapsedMs));
  const elapsed = generator.elapsedMs / 1000;
  const { sent, failures, latencies } = await generator.stop();
  report.figure("from the kill to whole again", pauses.join(", "));
  const ms = (q: number) => `${quantile(latencies, q).toFixed(0)} ms`;
  report.figure("latency", `p50 ${ms(0.5)}, p99 ${ms(0.99)}, max ${ms(1)}`);
  for (const failure of failures.slice(0, 10)) report.figure("failed", failure);
  report.claim(
    "killed one after the other under load",
    failures.length === 0 && sent >= perSecond * seconds * 0.95,
    `${failures.length} of ${sent} queries failed in ${elapsed.toFixed(0)} s`,
  );
}

/** Waits until a server that was away has what it missed: until then its partner alone has that, and must not be lost. */
async function untilWhole(gateway: string, name: string): Promise<void> {
  await until(`${name} is whole again`, 60_000, async () => {
    return isWhole(await coverageOf(gateway, name));
  });
}

async function untilEvaluator(fleet: Fleet, before: number): Promise<void> {
  await until("the evaluator runs again", 60_000, async () => {
    const { evaluator } = await fleet.status();
    if (evaluator.pid === before || !isAlive(evaluator.pid)) return false;
    return (await ask(`${evaluator.url}/-/ready`, { withinMs: 2000 })).status === 200;
  });
}

/** A server that hangs answers nobody and refuses nobody: the gateway has to notice by itself. */
async function hangUnderLoad(report: CheckContext["report"], fleet: Fleet, forMs: number): Promise<void> {
  const { gateway, servers } = await fleet.status();
  for (const server of servers.slice(0, 2)) {
    const generator = new LoadGenerator(gateway, perSecond);
    process.kill(server.pid, "SIGSTOP");
    try {
      await untilElapsed(forMs);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    const { sent, failures, latencies } = await generator.stop();
    await untilWhole(gateway, server.name);
    for (const failure of failures.slice(0, 10)) report.figure("failed", failure);
    report.claim(
      `${server.name} hangs under load`,
      failures.length === 0,
      `${failures.length} of ${sent} queries failed, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`,
    );
  }
}

/** Must show: both replicas of a shard dead is a 503 naming it within a second, then recovery without help. */
async function loseShard(report: CheckContext["report"], fleet: Fleet): Promise<void> {
  const { servers, gateway, supervisor } = await fleet.status();
  const victims = servers.filter((server) => server.shard === "1");
  // a supervisor that is held up restarts nobody: the shard stays away for as long as it is looked at
  process.kill(supervisor.pid, "SIGSTOP");
  try {
    for (const victim of victims) process.kill(victim.pid, "SIGKILL");
    for (const victim of victims) await until(`${victim.name} is dead`, 5000, () => !isAlive(victim.pid));
    const needing = mix.filter((probe) => !["instant 1+1", "instant vector(1)"].includes(probe.name));
    for (const probe of needing) {
      const heard = await sendProbe(gateway, probe, 5000);
      const text = heard.body.toString();
      const named = heard.status === 503 && /\bshard "?1\b/.test(text) && heard.took < 1000;
      const detail = named
        ? `${heard.took.toFixed(0)} ms`
        : `${heard.status} in ${heard.took.toFixed(0)} ms: ${text.slice(0, 200)}`;
      report.claim(`503 for ${probe.name}`, named, detail);
    }
    const constant = await post(`${gateway}/api/v1/query`, { query: "1+1" }, { withinMs: 5000 });
    report.claim("what needs no shard is still answered", constant.status === 200, constant.status);
  } finally {
    process.kill(supervisor.pid, "SIGCONT");
  }
  const released = Date.now();
  await until("the shard is whole again", 60_000, async () => {
    const heard = await post(`${gateway}/api/v1/query`, { query: "count(up)" });
    return heard.status === 200;
  });
  report.claim(
    "recovery without help",
    true,
    `${((Date.now() - released) / 1000).toFixed(1)} s after the supervisor could act`,
  );
}

/** Nobody can be answered while the gateway is away, but it comes back under the same address. */
async function killGateway(report: CheckContext["report"], fleet: Fleet): Promise<void> {
  const status = await fleet.status();
  const { gateway } = status;
  const pid = gatewayPid(status);
  const killed = Date.now();
  process.kill(pid, "SIGKILL");
  await untilGone(pid);
  await until("the gateway answers under its old address", 30_000, async () => {
    const heard = await post(`${gateway}/api/v1/query`, { query: "count(up)" });
    return heard.status === 200;
  });
  report.claim(
    "a killed gateway comes back under its address",
    true,
    `${((Date.now() - killed) / 1000).toFixed(1)} s`,
  );
}
