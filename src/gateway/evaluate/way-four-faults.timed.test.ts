import { compress } from "snappy";
import { onTestFinished, afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ShardLost } from "../fetch/shard-fetcher.ts";
import { EvaluationBed } from "../../../e2e/harness/evaluation-bed.ts";
import { FaultProxy } from "../../../e2e/harness/fault-proxy.ts";
import { ask } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { remoteWrite } from "../../../e2e/harness/remote-write.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";

const start = Math.floor(Date.now() / 1000) * 1000 - 3000_000;
const samples = 180;
const seriesPerShard = 60;
const time = String(start / 1000 + samples * 15);
const range = { start: String(start / 1000), end: time, step: "60" };

// an answer of samples has no checksums: what is changed on the way there, nobody can find
describe.each([
  { version: "3.16", faults: ["cut", "corrupt"] },
  { version: "2.42", faults: ["cut"] },
] as const)("with Prometheus $version", ({ version, faults }) => {
  let workplace: Workplace;
  let servers: PrometheusServer[][];
  let proxies: FaultProxy[][];
  let bed: EvaluationBed;

  beforeAll(async () => {
    workplace = new Workplace("way-four-faults");
    servers = await Promise.all(
      [0, 1].map((shard) =>
        Promise.all(
          ["a", "b"].map(async (name) => {
            const server = await startPrometheus({
              folder: workplace.path(`${shard}-${name}`),
              version,
              flags: ["--web.enable-remote-write-receiver"],
              config: "{}\n",
            });
            await remoteWrite(
              server.url,
              Array.from({ length: seriesPerShard }, (_, index) => ({
                labels: { __name__: "m", instance: `host-${shard}-${index}` },
                samples: Array.from(
                  { length: samples },
                  (_, at) => [start + at * 15_000, String(Math.sin(at * (index + 1)))] as const,
                ),
              })),
            );
            return server;
          }),
        ),
      ),
    );
    proxies = await Promise.all(
      servers.map((shard) => Promise.all(shard.map(({ url }) => FaultProxy.start(url)))),
    );
    bed = await EvaluationBed.start(workplace, {
      version,
      shards: proxies.map((shard) => shard.map(({ url }) => ({ url }))),
    });
  });

  afterEach(() => {
    for (const proxy of proxies.flat()) {
      proxy.fault = { kind: "none" };
      proxy.reset();
    }
    bed.router.ill.clear();
  });

  afterAll(async () => {
    await bed[Symbol.asyncDispose]();
    for (const proxy of proxies.flat()) await proxy[Symbol.asyncDispose]();
    await workplace[Symbol.asyncDispose]();
  });

  function strike(shard: number, replica: number, fault: FaultProxy["fault"]): FaultProxy {
    const proxy = proxies[shard]?.[replica];
    if (!proxy) throw new Error("no such proxy");
    proxy.fault = fault;
    proxy.struck = 0;
    proxy.reset();
    return proxy;
  }

  function faultAt(turn: number, at: number): FaultProxy["fault"] {
    return faults[turn % faults.length] === "corrupt" ? { kind: "corrupt", at } : { kind: "cut", after: at };
  }

  /** Bytes of a server's answer to the first read of the query. */
  async function answerBytes(shard: number, query: string): Promise<number> {
    const proxy = strike(shard, 0, { kind: "none" });
    proxy.longest = 0;
    await bed.query({ query, ...range });
    expect(proxy.longest).toBeGreaterThan(5_000);
    return proxy.longest;
  }

  const queries = [
    "sum(rate(m[5m])) or vector(0)",
    "m",
    "count(m) / count(m offset 1m)",
    "absent(m) or vector(1)",
  ];

  test("an answer cut or changed at any byte is asked again of the other replica, and nobody notices", async () => {
    const good = await Promise.all(queries.map((query) => bed.query({ query, ...range })));
    const bytes = await answerBytes(0, "m");
    let struck = 0;
    for (let turn = 0; turn < 32; turn++) {
      const at = Math.floor((bytes * (turn + 0.5)) / 32);
      bed.router.ill.clear();
      const proxy = strike(turn % 2, 0, faultAt(turn >> 1, at));
      const query = turn % queries.length;
      const answer = await bed.query({ query: queries[query] ?? "", ...range });
      expect(answer, `turn ${turn}`).toEqual(good[query]);
      struck += proxy.struck > 0 ? 1 : 0;
    }
    expect(struck).toBeGreaterThan(26);
  });

  test("an answer cut or changed on every replica names the shard, and is never a 200", async () => {
    const outcomes: unknown[] = [];
    const good: unknown[] = [];
    const oneRead = ["sum(rate(m[5m])) or vector(0)", "m", "absent(m) or vector(1)"];
    for (let turn = 0; turn < 16; turn++) {
      const query = oneRead[turn % oneRead.length] ?? "";
      const whole = await bed.query({ query, ...range });
      const bytes = await answerBytes(1, query);
      const at = 400 + Math.floor(((bytes - 401) * turn) / 16);
      bed.router.ill.clear();
      for (const replica of [0, 1]) {
        strike(1, replica, faultAt(turn, at));
      }
      const begun = performance.now();
      outcomes.push(
        await bed.query({ query, ...range }).catch((error: unknown) => {
          if (error instanceof ShardLost && error.shard === "1") return "lost";
          throw error;
        }),
      );
      good.push(outcomes.at(-1) === "lost" ? "lost" : whole);
      expect(performance.now() - begun).toBeLessThan(1000);
      for (const replica of [0, 1]) strike(1, replica, { kind: "none" });
    }
    // a change can be none: "a" for "A" in the length of a part of the HTTP answer
    expect(outcomes).toEqual(good);
    expect(outcomes.filter((outcome) => outcome === "lost").length).toBeGreaterThan(13);
  });

  test.each(["sum(m) or vector(0)", "absent(m)", "count_over_time(m[5m])", "m unless m"])(
    "a shard without any replica fails the query within a second: %s",
    async (query) => {
      for (const replica of [0, 1]) strike(0, replica, { kind: "refuse" });
      const begun = performance.now();
      await expect(bed.query({ query, time })).rejects.toMatchObject({ name: "ShardLost", shard: "0" });
      expect(performance.now() - begun).toBeLessThan(1000);
    },
  );

  test("a query that reads nothing needs no shard", async () => {
    for (const replica of [0, 1]) strike(0, replica, { kind: "refuse" });
    expect((await bed.query({ query: "1 + 1", time })).status).toBe(200);
  });

  test("an evaluator that is killed, again and again, fails no query", async () => {
    const query = "sum(rate(m[5m]))";
    const good = await bed.query({ query, ...range });
    let answered = 0;
    const ask = async (times: number) => {
      for (let time = 0; time < times; time++) {
        expect(await bed.query({ query, ...range })).toEqual(good);
        answered++;
      }
    };
    for (let kill = 0; kill < 3; kill++) {
      answered = 0;
      const asking = Promise.all([ask(20), ask(20), ask(20), ask(20)]);
      await expect.poll(() => answered).toBeGreaterThan(10);
      await bed.evaluator.kill();
      await asking;
    }
  });

  test("a client that goes away ends the query and its reads", async () => {
    const client = new AbortController();
    const asked = bed.query({ query: "sum(m) + sum(m)", ...range }, client.signal);
    client.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
    await expect
      .poll(() => bed.evaluation.state())
      .toMatchObject({
        queries: 0,
        reads: { used: 0, waiting: 0 },
        counts: { open: 0 },
      });
  });

  test.each(version === "2.42" ? [version] : [])(
    "with %s, an evaluator whose reads can not be told apart gets no data, and its answer is not believed",
    async () => {
      // 2.42 does not pass trace ids on
      const deaf = await EvaluationBed.start(workplace, {
        version: "2.42",
        features: { readsCarryTraceId: true },
        shards: servers.map((shard) => shard.map(({ url }) => ({ url }))),
      });
      onTestFinished(() => deaf[Symbol.asyncDispose]());
      await expect(deaf.query({ query: "sum(m) or vector(0)", time })).rejects.toMatchObject({
        code: "EVALUATOR_FAILED",
      });
      expect(deaf.evaluation.state().counts.refused).toBeGreaterThan(0);
    },
  );

  test("who does not know the id of a query reads nothing", async () => {
    const heard = await ask(bed.evaluation.readUrl, {
      method: "POST",
      headers: { traceparent: "00-00000000000000000000000000000001-0000000000000001-00" },
      body: await compress(Buffer.from("0a060a04", "hex")),
    });
    expect(heard.status).toBe(404);
  });
});
