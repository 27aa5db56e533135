import { noCoverage } from "../coverage/coverage-index.ts";
import { ShardSources } from "../coverage/shard-sources.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlainFetcher, PlainRouter } from "../../../e2e/harness/evaluation-bed.ts";
import { FaultProxy } from "../../../e2e/harness/fault-proxy.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import type { Replica } from "../router/router.ts";
import { askShards } from "./shard-answers.ts";

let workplace: Workplace;
let server: PrometheusServer;
const proxies: FaultProxy[] = [];
/** Each asks over connections of its own. */
const routers: PlainRouter[] = [];

beforeAll(async () => {
  workplace = new Workplace("shard-answers");
  server = await startPrometheus({ folder: workplace.path("server"), version: "3.16", config: "{}\n" });
  for (let count = 0; count < 4; count++) proxies.push(await FaultProxy.start(server.url));
});
afterAll(async () => {
  for (const router of routers) await router.dispatcher.destroy();
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  await workplace[Symbol.asyncDispose]();
});

const whole = { method: "GET", path: "/api/v1/status/flags", headers: {} } as const;
const nameAndLength = (body: Buffer, from: Replica) => `${from.server} ${body.length}`;

function access(shards?: string[][]) {
  const urls = proxies.map(({ url }) => url);
  const replicas = (shards ?? [urls.slice(0, 2), urls.slice(2)]).map((all) => all.map((url) => ({ url })));
  const router = new PlainRouter({ version: "3.16", shards: replicas });
  routers.push(router);
  return { router, sources: new ShardSources(router, noCoverage), fetcher: new PlainFetcher(router) };
}

async function asked(parse: (body: Buffer, from: Replica) => string = nameAndLength, budget?: number) {
  const answer = await askShards(
    access(),
    whole,
    undefined,
    parse,
    AbortSignal.timeout(10_000),
    undefined,
    budget,
  );
  if ("instead" in answer) throw new Error("refused");
  return answer.parts;
}

function setFaults(...faults: readonly FaultProxy["fault"][]): void {
  for (const [index, proxy] of proxies.entries()) proxy.fault = faults[index] ?? { kind: "none" };
}

test("an answer that breaks off is asked of the next replica", async () => {
  setFaults();
  const [first, second] = await asked();
  const length = Number(first?.split(" ")[1]);
  expect([first, second]).toEqual([`bed-0-a ${length}`, `bed-1-a ${length}`]);
  setFaults({ kind: "none" }, { kind: "none" }, { kind: "cut", after: 1000 });
  expect(await asked()).toEqual([`bed-0-a ${length}`, `bed-1-b ${length}`]);
  expect(proxies[2]?.struck).toBe(1);
});

test("a shard of which every answer breaks off is lost", async () => {
  setFaults({ kind: "none" }, { kind: "none" }, { kind: "cut", after: 1000 }, { kind: "cut", after: 1000 });
  await expect(asked()).rejects.toMatchObject({
    name: "ShardLost",
    shard: "1",
    attempts: [{ server: "bed-1-a" }, { server: "bed-1-b" }],
  });
  setFaults({ kind: "cut", after: 1000 }, { kind: "refuse" });
  await expect(asked()).rejects.toMatchObject({
    name: "ShardLost",
    shard: "0",
    attempts: [{ server: "bed-0-a" }, { server: "bed-0-b" }],
  });
});

test("an answer that is none is asked of the next replica", async () => {
  setFaults();
  const parts = await asked((body, from) => {
    if (from.server === "bed-0-a") JSON.parse(body.subarray(0, 10).toString());
    return from.server;
  });
  expect(parts).toEqual(["bed-0-b", "bed-1-a"]);
});

test("the answers of all shards together have a bound", async () => {
  setFaults();
  const length = Number((await asked())[0]?.split(" ")[1]);
  expect(await asked(nameAndLength, 2 * length)).toHaveLength(2);
  await expect(asked(nameAndLength, 2 * length - 1)).rejects.toMatchObject({ code: "ANSWER_TOO_LARGE" });
});

test("what was thrown away does not count", async () => {
  setFaults();
  const length = Number((await asked())[0]?.split(" ")[1]);
  const parts = await asked((_, from) => {
    if (from.server === "bed-0-a") throw new SyntaxError("not an answer");
    return from.server;
  }, 2 * length);
  expect(parts[0]).toBe("bed-0-b");
});

test("the reason of the one who gives up is what is thrown", async () => {
  const controller = new AbortController();
  const reason = new Error("the client went away");
  setFaults();
  const answer = askShards(access(), whole, undefined, nameAndLength, controller.signal);
  controller.abort(reason);
  await expect(answer).rejects.toBe(reason);

  const late = new AbortController();
  const broken = askShards(
    access([[server.url]]),
    whole,
    undefined,
    () => {
      late.abort(reason);
      throw new SyntaxError("not an answer");
    },
    late.signal,
  );
  await expect(broken).rejects.toBe(reason);
});
