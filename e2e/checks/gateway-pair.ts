import { mkdir } from "node:fs/promises";
import http from "node:http";
import type { Check, CheckContext } from "../harness/check.ts";
import { type GatewayAlone, evaluators, startGateway } from "../harness/gateway-alone.ts";
import { ask, post } from "../harness/http.ts";
import { quantile } from "../harness/load.ts";
import { type StoredFleet, startStoredFleet } from "../harness/stored-fleet.ts";
import { startTcpBalancer } from "../harness/tcp-balancer.ts";
import { untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

const perSecond = 50;
/** ms */
const readyWithin = 2000;

export const gatewayPair: Check = {
  name: "gateway-pair",
  claim:
    "two gateways behind any balancer: one is killed, only requests in flight on it fail, it is ready within 2 s",
  bothVersions: true,
  soakOnly: false,
  run,
};

async function run({ report, soak, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("gateway-pair");
  const fleet = await startStoredFleet(place, { shards: 2, replicas: 2, version: prometheus });
  await using closing = new AsyncDisposableStack();
  closing.defer(async () => await fleet.close());
  const servers = fleet.servers.map((shard) => shard.map(({ url }) => url));
  const start = async (name: string, listen?: string) => {
    await mkdir(place.path(name), { recursive: true });
    return await startGateway(place.path(name), servers, prometheus, {}, listen);
  };
  const pair = [await start("one"), await start("two")];
  await using balancer = await startTcpBalancer(pair.map(({ url }) => url));
  const load = new BalancedLoad(balancer.url, fleet);
  await untilElapsed(2000);
  const readyAfter: number[] = [];
  const dying: Killed[] = [];
  for (let kill = 0; kill < (soak ? 20 : 4); kill++) {
    const at = kill % 2;
    const gateway = pair[at] as GatewayAlone;
    const [evaluator] = evaluators(gateway);
    const from = performance.now();
    await gateway.process.kill();
    dying.push({ from, to: performance.now() });
    // what a supervisor does
    const again = await start(at === 0 ? "one" : "two", new URL(gateway.url).host);
    readyAfter.push(performance.now() - from);
    pair[at] = again;
    const same = evaluator !== undefined && evaluators(again).join() === String(evaluator);
    if (!same) report.claim("the evaluator is taken over", false, `process ${evaluator}`);
    await untilElapsed(1000);
  }
  const { sent, failed, latencies } = await load.stop();
  const inFlight = failed.filter(({ began, ended }) =>
    dying.some(({ from, to }) => began < to && ended >= from),
  );
  for (const { why } of failed.filter((one) => !inFlight.includes(one)).slice(0, 5))
    report.figure("failed", why);
  const shown = readyAfter.toSorted((a, b) => a - b).map((ms) => `${(ms / 1000).toFixed(2)} s`);
  report.figure(
    "latency",
    `p50 ${quantile(latencies, 0.5).toFixed(0)} ms, p99 ${quantile(latencies, 0.99).toFixed(0)} ms`,
  );
  report.claim(
    "only requests in flight on a killed gateway fail",
    failed.every((one) => inFlight.includes(one) && one.broke),
    `${failed.length} of ${sent} failed, ${inFlight.length} of them in flight at one of ${dying.length} kills`,
  );
  report.claim(
    `ready again within ${readyWithin / 1000} s of the kill`,
    readyAfter.every((ms) => ms < readyWithin),
    shown.join(", "),
  );
  for (const { url } of pair)
    report.claim("it answers", (await ask(`${url}/api/v1/query?query=count(up)`)).status === 200);
}

/** From the signal to the end of the process, ms. */
interface Killed {
  from: number;
  to: number;
}

interface Failure {
  /** ms */
  began: number;
  ended: number;
  why: string;
  /** There was no answer, or not all of it; otherwise a whole one that says something else. */
  broke: boolean;
}

const queries = ["sum(m)", "count(up)", "m", "topk(2, m)", "sum by (host) (rate(m[1m]))", "1 + 1"];

/** Queries at a steady rate, each over a connection of its own. */
class BalancedLoad {
  readonly #url: string;
  readonly #fleet: StoredFleet;
  readonly #agent = new http.Agent({ keepAlive: false });
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();
  readonly #failed: Failure[] = [];
  readonly #latencies: number[] = [];
  #sent = 0;

  constructor(url: string, fleet: StoredFleet) {
    this.#url = url;
    this.#fleet = fleet;
    this.#timer = setInterval(() => {
      const sending = this.#send(queries[this.#sent++ % queries.length] ?? "1").finally(() =>
        this.#open.delete(sending),
      );
      this.#open.add(sending);
    }, 1000 / perSecond);
  }

  async stop(): Promise<{ sent: number; failed: Failure[]; latencies: number[] }> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return { sent: this.#sent, failed: this.#failed, latencies: this.#latencies.toSorted((a, b) => a - b) };
  }

  async #send(query: string): Promise<void> {
    const began = performance.now();
    const { start, end } = this.#fleet;
    const form = { query, start: String(start), end: String(end), step: "15" };
    try {
      const url = `${this.#url}/api/v1/query_range`;
      const { status, body, took } = await post(url, form, { agent: this.#agent, withinMs: 15_000 });
      this.#latencies.push(took);
      if (status === 200) return;
      this.#fail({ began, broke: false, why: `${query}: ${status} ${body.toString().slice(0, 300)}` });
    } catch (error) {
      this.#fail({ began, broke: true, why: `${query}: ${String(error)}` });
    }
  }

  #fail(failure: Omit<Failure, "ended">): void {
    this.#failed.push({ ...failure, ended: performance.now() });
  }
}
