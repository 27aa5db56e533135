import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Fault, FaultProxy } from "../../../e2e/harness/fault-proxy.ts";
import { OneShard } from "../../../e2e/harness/one-shard.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { until, untilElapsed } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import { ShardLost, type ShardRequest, type ShardResponse } from "./shard-fetcher.ts";

let workplace: Workplace;
let server: PrometheusServer;

beforeAll(async () => {
  workplace = new Workplace("slow-servers");
  server = await startPrometheus({ folder: workplace.path("server"), version: "3.16", config: "{}\n" });
});

afterAll(async () => await workplace[Symbol.asyncDispose]());

/** A shard of replicas a, b, … in front of one server, each behind a proxy. Probes every second do not come into it. */
async function slowShard(count: number): Promise<{ shard: OneShard; proxies: FaultProxy[] }> {
  const proxies = await Promise.all(Array.from({ length: count }, () => FaultProxy.start(server.url)));
  const shard = await OneShard.start(proxies.map(({ url }) => ({ url, externalLabels: {} })));
  onTestFinished(async () => {
    await shard.close();
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  });
  return { shard, proxies };
}

const query: ShardRequest = { method: "GET", path: "/api/v1/query?query=vector(1)", headers: {} };
/** 3 MB, evaluated within some hundred ms. */
const long: ShardRequest = {
  method: "GET",
  path: `/api/v1/query_range?query=${encodeURIComponent(Array.from({ length: 15 }, (_, at) => `label_replace(vector(${at}), "a", "${at}", "", "")`).join(" or "))}&start=0&end=10999&step=1`,
  headers: {},
};
const patient = () => AbortSignal.timeout(10_000);

async function whole({ body }: ShardResponse): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Asks so many times, one after the other; who answered, and the longest wait in ms. */
async function ask(shard: OneShard, times: number, request = query) {
  const answerers: string[] = [];
  let longest = 0;
  for (let time = 0; time < times; time++) {
    const began = performance.now();
    const response = await shard.fetcher.fetch("0", request, patient());
    await whole(response);
    answerers.push(response.replica.name);
    longest = Math.max(longest, performance.now() - began);
  }
  return { answerers, longest };
}

const byName: ShardRequest["choose"] = (all) => all.toSorted((l, r) => (l.name < r.name ? -1 : 1));
const slower: Fault = { kind: "delay", ms: 180 };

test("a replica that is later than usual is raced by the next, and its answer is given up without a word against it", async () => {
  const { shard, proxies } = await slowShard(2);
  await ask(shard, 20);
  const [first] = proxies;
  if (first) first.fault = slower;
  const before = shard.fetcher.counts.won;
  const { answerers, longest } = await ask(shard, 3, { ...query, choose: byName });
  expect(answerers).toEqual(["b", "b", "b"]);
  expect(longest).toBeLessThan(180);
  expect(shard.fetcher.counts.won).toBe(before + 3);
  expect(shard.replica("a").counts).toMatchObject({ failed: 0, abandoned: 3 });
  expect(shard.said).toEqual([]);
});

test("where the first is only a little late it still wins, and the other one is cancelled", async () => {
  const { shard, proxies } = await slowShard(2);
  await ask(shard, 20);
  const [first, second] = proxies;
  if (first) first.fault = { kind: "delay", ms: 90 };
  if (second) second.fault = slower;
  const before = { ...shard.fetcher.counts, abandoned: shard.replica("b").counts.abandoned };
  const { answerers } = await ask(shard, 1, { ...query, choose: byName });
  expect(answerers).toEqual(["a"]);
  expect(shard.fetcher.counts).toMatchObject({ hedges: before.hedges + 1, won: before.won });
  await until(
    "the other one is given up",
    5000,
    () => shard.replica("b").counts.abandoned === before.abandoned + 1,
  );
  expect(shard.replica("b").inFlight).toBe(0);
});

test("no more than a few in a hundred requests are made twice", async () => {
  const { shard, proxies } = await slowShard(2);
  await ask(shard, 20);
  for (const proxy of proxies) proxy.fault = slower;
  // all at once, so that none of them teaches the others what is usual now
  await Promise.all(Array.from({ length: 15 }, async () => await ask(shard, 1)));
  const { hedges, withheld } = shard.fetcher.counts;
  expect(hedges).toBeGreaterThanOrEqual(10);
  expect(hedges).toBeLessThanOrEqual(10 + 60 * 0.05);
  expect(withheld).toBeGreaterThan(0);
});

test("nobody is asked twice where the request forbids it, nor where the other one is ill", async () => {
  const { shard, proxies } = await slowShard(2);
  await ask(shard, 20);
  const [first, second] = proxies;
  if (first) first.fault = slower;
  const { answerers } = await ask(shard, 1, { ...query, mayHedge: () => false });
  expect(answerers).toEqual(["a"]);
  if (second) second.fault = { kind: "refuse" };
  second?.reset();
  await until("b is put aside", 5000, () => shard.replica("b").condition.state === "ill");
  expect((await ask(shard, 2)).answerers).toEqual(["a", "a"]);
  expect(shard.fetcher.counts).toMatchObject({ hedges: 0, failovers: 0 });
});

test.each<[string, Fault]>([
  ["hangs before its answer", { kind: "hang" }],
  ["trickles its answer from the beginning", { kind: "trickle", perSecond: 20 }],
  ["hangs in the middle of its answer", { kind: "hang", after: 20_000 }],
  ["trickles its answer from the middle on", { kind: "trickle", perSecond: 50, after: 20_000 }],
])("of a replica that %s, another one's answer is had within a second", async (_, fault) => {
  const { shard, proxies } = await slowShard(2);
  const asked = performance.now();
  const good = await whole(await shard.fetcher.fetch("0", long, patient()));
  const usual = performance.now() - asked;
  const preferred = proxies["ab".indexOf(shard.names[0] ?? "")];
  if (!preferred) throw new Error("there is no replica");
  preferred.fault = fault;
  const began = performance.now();
  const answer = async () => await whole(await shard.fetcher.fetch("0", long, patient()));
  // what the passing on of answers does while nothing has gone out
  const got = await answer().catch(answer);
  expect(performance.now() - began).toBeLessThan(1000 + usual * 2);
  expect(got.equals(good)).toBe(true);
  expect(preferred.struck).toBeGreaterThan(0);
});

test("an answer that stalls errors with what came of it, and the replica is put aside", async () => {
  const { shard, proxies } = await slowShard(1);
  const [only] = proxies;
  if (only) only.fault = { kind: "hang", after: 20_000 };
  const response = await shard.fetcher.fetch("0", long, patient());
  await expect(whole(response)).rejects.toThrow("it sent 0 bytes in 0.6 s of waiting for its answer");
  expect(shard.replica("a").counts.failed).toBe(1);
  expect(shard.fetcher.counts.stalls).toEqual(new Map([["fleet-0-a", 1]]));
  expect(shard.said[0]).toMatch(/^fleet-0-a is put aside: /);
});

test("a client that reads slowly, or pauses, is not the replica's fault", async () => {
  const { shard } = await slowShard(1);
  const response = await shard.fetcher.fetch("0", long, patient());
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    // together longer than a stall, with most of the answer still to come
    if (size < 300_000) await untilElapsed(300);
  }
  expect(size).toBeGreaterThan(1e6);
  expect(shard.fetcher.counts.stalls.size).toBe(0);
  expect(shard.replica("a").counts).toMatchObject({ succeeded: 1, failed: 0 });
});

test("a server that thinks for long and then answers is waited for", async () => {
  const { shard } = await slowShard(1);
  const text = "count_over_time((vector(1) + vector(1))[90m:1ms])";
  const path = `/api/v1/query?query=${encodeURIComponent(text)}`;
  const began = performance.now();
  const response = await shard.fetcher.fetch("0", { ...query, path }, patient());
  expect([response.status, response.replica.name]).toEqual([200, "a"]);
  await whole(response);
  expect(performance.now() - began).toBeGreaterThan(700);
  expect(shard.said).toEqual([]);
});

test.each<Fault>([
  { kind: "refuse" },
  { kind: "hang" },
  { kind: "trickle", perSecond: 20 },
  { kind: "delay", ms: 5000 },
  { kind: "cut", after: 30 },
])("a shard is lost within a second when all its replicas do this: %o", async (fault) => {
  const { shard, proxies } = await slowShard(2);
  await ask(shard, 5);
  for (const proxy of proxies) proxy.fault = fault;
  for (let time = 0; time < 3; time++) {
    const began = performance.now();
    const error = await shard.fetcher.fetch("0", query, patient()).catch((why: unknown) => why);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(error).toBeInstanceOf(ShardLost);
    expect((error as ShardLost).attempts.map((attempt) => attempt.server).toSorted()).toEqual([
      "fleet-0-a",
      "fleet-0-b",
    ]);
  }
});
