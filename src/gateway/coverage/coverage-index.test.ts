import { rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { OneShard } from "../../../e2e/harness/one-shard.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { remoteWrite } from "../../../e2e/harness/remote-write.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import { CoverageIndex } from "./coverage-index.ts";
import { CoverageStore } from "./coverage-store.ts";
import { httpAgent } from "../fetch/http-client.ts";

const interval = 60;
const hours = 30;
const now = () => Math.floor(Date.now() / 1000);

let place: Workplace;
let begin: number;
let servers: PrometheusServer[];
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  place = new Workplace("coverage-index");
  begin = now() - hours * 3600;
  servers = [await start("a"), await start("b")];
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await place[Symbol.asyncDispose]();
});

async function start(name: string): Promise<PrometheusServer> {
  return await startPrometheus({
    folder: place.path(name),
    version: "3.16",
    config: "{}\n",
    flags: ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=10y"],
  });
}

/** A sample of `up` of three targets in every minute, but for those that are left out. */
async function write(
  server: PrometheusServer | undefined,
  missing: (hour: number, target: number) => boolean,
): Promise<void> {
  for (let hour = 0; hour < hours; hour++) {
    const series = [0, 1, 2].map((target) => ({
      labels: { __name__: "up", job: "j", instance: String(target) },
      samples: Array.from({ length: 60 }, (_, minute) => minute)
        .filter((minute) => !missing(hour + minute / 60, target))
        .map((minute) => [(begin + hour * 3600 + minute * interval + target) * 1000, "1"] as const),
    }));
    await remoteWrite(server?.url ?? "", series);
  }
}

async function indexOf(shard: OneShard, file: string): Promise<{ index: CoverageIndex; said: string[] }> {
  const said: string[] = [];
  const dispatcher = httpAgent();
  const store = new CoverageStore(file, writeFile);
  const say = (sentence: string) => said.push(sentence);
  const index = await CoverageIndex.start({ router: shard.router, dispatcher, store, say }, 5000);
  return { index, said };
}

async function fleet(): Promise<OneShard> {
  const shard = await OneShard.start(servers.map(({ url }) => ({ url })));
  closing.push(async () => await shard.close());
  return shard;
}

const stateOf = (index: CoverageIndex) => index.state()[0]?.replicas ?? [];
const holesOf = (index: CoverageIndex, name: string) =>
  (stateOf(index).find(({ replica }) => replica.name === name)?.holes ?? []).map(
    ({ target, after, before }) => ({
      target: target === "all" ? "all" : target.instance,
      hours: [(after / 1000 - begin) / 3600, (before / 1000 - begin) / 3600].map(Math.round),
    }),
  );
const complete = async (index: CoverageIndex) =>
  await until("all is known", 20_000, () => stateOf(index).every(({ isComplete }) => isComplete));

test("the whole history is read, kept, and not read again by the next one", async () => {
  await write(
    servers[0],
    (hour, target) => (hour > 5 && hour < 7) || (target === 1 && hour > 20 && hour < 24),
  );
  await write(servers[1], (hour, target) => target === 2 && hour > 21 && hour < 23);
  const shard = await fleet();
  const file = place.path("coverage.json");
  const first = await indexOf(shard, file);
  await complete(first.index);
  const expected = {
    a: [...["0", "1", "2"].map((target) => ({ target, hours: [5, 7] })), { target: "1", hours: [20, 24] }],
    b: [{ target: "2", hours: [21, 23] }],
  };
  expect(holesOf(first.index, "a")).toEqual(expect.arrayContaining(expected.a));
  expect(holesOf(first.index, "a")).toHaveLength(4);
  expect(holesOf(first.index, "b")).toEqual(expected.b);
  await first.index.close();

  // what was kept is believed: no history is left to be read
  const second = await indexOf(shard, file);
  closing.push(async () => await second.index.close());
  expect(stateOf(second.index).map(({ isComplete }) => isComplete)).toEqual([true, true]);
  expect(holesOf(second.index, "a")).toHaveLength(4);
  expect(holesOf(second.index, "b")).toEqual(expected.b);
  expect(second.said).toEqual([]);
});

test("a file that is broken is read over, and said", async () => {
  await write(servers[0], () => false);
  await write(servers[1], () => false);
  const file = place.path("coverage.json");
  await writeFile(file, '{"version": 1, "replicas": [');
  const { index, said } = await indexOf(await fleet(), file);
  closing.push(async () => await index.close());
  expect(said).toEqual([expect.stringMatching(/^coverage is read anew: /)]);
  await complete(index);
  expect(holesOf(index, "a")).toEqual([]);
});

test("a replica that comes back without its data lacks all of it, and what is written to it again is noticed", async () => {
  await write(servers[0], () => false);
  await write(servers[1], () => false);
  const shard = await fleet();
  const { index } = await indexOf(shard, place.path("coverage.json"));
  closing.push(async () => await index.close());
  await complete(index);
  expect(holesOf(index, "a")).toEqual([]);
  const [a] = servers;
  const port = new URL(a?.url ?? "").port;
  await a?.process.kill();
  await until("it is gone", 10_000, () => !shard.replica("a").isWell);
  await rm(place.path("a"), { recursive: true });
  servers[0] = await startPrometheus({
    folder: place.path("a"),
    version: "3.16",
    config: "{}\n",
    flags: [
      "--web.enable-remote-write-receiver",
      "--storage.tsdb.retention.time=10y",
      `--web.listen-address=127.0.0.1:${port}`,
    ],
  });
  await until("it is back, and nothing is known of it", 20_000, () => holesOf(index, "a").length === 3);
  expect(
    holesOf(index, "a").every(({ hours: [after, before] }) => after === -Infinity && before === Infinity),
  ).toBe(true);
  await write(servers[0], () => false);
  await until("its samples are found", 20_000, () => holesOf(index, "a").length === 0);
});

test("a replica that has only just come into the topology is not taken for whole", async () => {
  await write(servers[0], () => false);
  await write(servers[1], () => false);
  const [shard, other] = [await fleet(), await fleet()];
  const { index } = await indexOf(shard, place.path("coverage.json"));
  closing.push(async () => await index.close());
  await complete(index);
  expect(index.holes(shard.replica("a"))).toEqual([]);
  expect(index.holes(other.replica("a"))).toEqual([
    expect.objectContaining({ target: "all", after: -Infinity, before: Infinity }),
  ]);
});

test("a target left while a replica was away: that its marker is lacking is noticed, and that it was given later", async () => {
  const left = 29.5;
  const there = (hour: number, target: number) => target === 1 && hour > left;
  await write(servers[0], there);
  await write(servers[1], there);
  const marker = {
    labels: { __name__: "up", job: "j", instance: "1" },
    samples: [[(begin + left * 3600 + 2.2 * interval) * 1000, "stale"] as const],
  };
  await remoteWrite(servers[0]?.url ?? "", [marker]);
  const { index } = await indexOf(await fleet(), place.path("coverage.json"));
  closing.push(async () => await index.close());
  await until("the marker is missed", 20_000, () => holesOf(index, "b").length === 1);
  expect(holesOf(index, "b")).toEqual([{ target: "1", hours: [30, Infinity] }]);
  await complete(index);
  expect(holesOf(index, "a")).toEqual([]);
  await remoteWrite(servers[1]?.url ?? "", [marker]);
  await until("the marker is there", 20_000, () => holesOf(index, "b").length === 0);
});
