import type { Check, CheckContext } from "../harness/check.ts";
import { Fleet, type FleetDocument, declaration, gatewayPid, untilScraped } from "../harness/fleet.ts";
import { raw } from "../harness/http.ts";
import { isAlive, untilGone } from "../harness/processes.ts";
import { untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

const intervalSeconds = 1;

export const takeover: Check = {
  name: "takeover",
  claim: "a supervisor is killed and `up` takes its fleet over: the same processes, no sample lost",
  bothVersions: true,
  soakOnly: false,
  run,
};

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("takeover");
  const fleet = new Fleet(place);
  const before = await fleet.up(declaration(prometheus, `${intervalSeconds}s`));
  const upSince = Date.now() / 1000;
  for (const server of before.servers) await untilScraped(server, upSince);
  const gateway = gatewayPid(await fleet.status());

  const rounds = soak ? 3 : 1;
  const began = Date.now() / 1000;
  await untilElapsed(3000);
  for (let round = 1; round <= rounds; round++) {
    const { supervisor } = await fleet.status();
    process.kill(supervisor.pid, "SIGKILL");
    await untilGone(supervisor.pid);
    // the fleet goes on scraping by itself
    await untilElapsed(soak ? 10_000 : 3000);
    const alive = before.servers.filter((server) => isAlive(server.pid));
    report.claim("all servers outlive the supervisor", alive.length === before.servers.length, alive.length);
    const after = await fleet.up();
    claimSame(report, before, after);
    const status = await fleet.status();
    report.claim("the gateway is the same process", gatewayPid(status) === gateway);
    const isOther = isAlive(status.supervisor.pid) && status.supervisor.pid !== supervisor.pid;
    report.claim("a supervisor is there again", isOther, status.supervisor.state);
    await untilElapsed(3000);
  }
  await claimNoGaps(report, before, began, Date.now() / 1000 - 2 * intervalSeconds);
  await fleet.run("down", "--purge");
}

function claimSame(report: CheckContext["report"], before: FleetDocument, after: FleetDocument): void {
  const [was, is] = [pids(before), pids(after)];
  const same = was === is && before.gateway === after.gateway;
  report.claim("pids and address unchanged", same, same ? is : `${was} became ${is}`);
}

const pids = (document: FleetDocument): string =>
  [...document.servers, { name: "evaluator", ...document.evaluator }]
    .map((one) => `${one.name} ${one.pid}`)
    .toSorted()
    .join(", ");

/** Reads every target's samples back from every server: none may be missing between the first and the last. */
async function claimNoGaps(
  report: CheckContext["report"],
  document: FleetDocument,
  from: number,
  to: number,
): Promise<void> {
  const window = Math.floor(to - from);
  let targets = 0;
  let samples = 0;
  let widest = 0;
  const lost: string[] = [];
  for (const server of document.servers)
    for (const target of await raw(server.url, `up[${window}s]`, to)) {
      targets++;
      samples += target.values.length;
      // a range selector takes whole seconds: what it leaves out before them is not looked at
      const times = [to - window, ...target.values.map(([time]) => time), to];
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      const gap = Math.max(...gaps);
      widest = Math.max(widest, gap);
      if (target.values.length < window / intervalSeconds - 1 || gap > 1.5 * intervalSeconds)
        lost.push(
          `${server.name} ${target.metric["instance"]}: ${target.values.length} samples, gap ${gap} s`,
        );
    }
  for (const one of lost.slice(0, 10)) report.figure("lost", one);
  report.claim(
    "no sample of any target lost",
    lost.length === 0 && targets > 0,
    `${targets} targets, ${samples} samples in ${window} s, widest gap ${widest.toFixed(2)} s at an interval of ${intervalSeconds} s`,
  );
}
