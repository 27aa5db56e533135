import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { OneShard, type ShardServer, oneShardTopology } from "../../../e2e/harness/one-shard.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import type { WatchTimes } from "./replica-watch.ts";

const labelled = `global: {external_labels: {cluster: "no", "zone": "a: b"}}\n`;
let workplace: Workplace;
let a: PrometheusServer;
let b: PrometheusServer;

beforeAll(async () => {
  workplace = new Workplace("live-router");
  [a, b] = await Promise.all([start("a", labelled), start("b", labelled)]);
});

afterAll(async () => await workplace[Symbol.asyncDispose]());

let started = 0;
const folderOf = (name: string) => workplace.path(`${name}-${started}`);

async function start(name: string, config: string): Promise<PrometheusServer> {
  started++;
  return await startPrometheus({ folder: folderOf(name), version: "3.16", config });
}

async function shardOf(servers: readonly ShardServer[], times?: Partial<WatchTimes>): Promise<OneShard> {
  const shard = await OneShard.start(servers, times);
  onTestFinished(async () => await shard.close());
  return shard;
}

const query = { method: "GET", path: "/api/v1/query?query=vector(1)", headers: {} } as const;
/** The name of the replica that answers. */
async function answerer(shard: OneShard): Promise<string> {
  const { replica, body } = await shard.fetcher.fetch("0", query, AbortSignal.timeout(20_000));
  for await (const _ of body);
  return replica.name;
}

test("finds out a server's version and external labels, and takes the topology's word where it has one", async () => {
  const shard = await shardOf([{ url: a.url }, { url: b.url, externalLabels: { cluster: "given" } }]);
  expect(shard.replica("a").externalLabels).toEqual({ cluster: "no", zone: "a: b" });
  expect(shard.replica("b").externalLabels).toEqual({ cluster: "given" });
  expect(shard.replica("a").features?.version).toBe("3.16.0");
  expect(shard.names).toEqual(["a", "b"]);
});

test("a server without external labels has none", async () => {
  const plain = await start("plain", "{}\n");
  const shard = await shardOf([{ url: plain.url }]);
  expect(shard.replica("a").externalLabels).toEqual({});
  await plain.process.kill();
});

test.each([{}, { externalLabels: {} }])(
  "a server that reads from others is not asked, whatever is known of it: %o",
  async (given) => {
    const reader = await start("reader", 'remote_read: [{url: "http://127.0.0.1:1/read"}]\n');
    const shard = await shardOf([{ url: reader.url, ...given }, { url: a.url }]);
    expect(await answerer(shard)).toBe("b");
    expect(shard.replica("a").counts).toEqual({ succeeded: 0, failed: 0, abandoned: 0 });
    expect(await shard.router.objection(shard.replica("a"))).toContain("it has remote_read itself");
    expect(shard.said).toContainEqual(
      expect.stringContaining("fleet-0-a is put aside: it has remote_read itself"),
    );
    await reader.process.kill();
  },
);

test("notices that a reload has given a server other labels, or made it read from others", async () => {
  const reloaded = await start("reloaded", labelled);
  const shard = await shardOf([{ url: reloaded.url }], { well: 100, afresh: 300 });
  const reload = async (config: string) => {
    await writeFile(`${folderOf("reloaded")}/prometheus.yml`, config);
    process.kill(reloaded.process.pid, "SIGHUP");
  };
  await reload("global: {external_labels: {cluster: other}}\n");
  await until("the labels are seen", 5000, () => shard.replica("a").externalLabels["cluster"] === "other");
  await reload('remote_read: [{url: "http://127.0.0.1:1/read"}]\n');
  await until("it is put aside", 5000, () => shard.replica("a").condition.state === "ill");
  expect(shard.said).toEqual([expect.stringContaining("fleet-0-a is put aside: it has remote_read itself")]);
  await reloaded.process.kill();
});

test("one that could not take its configuration is asked after the others, until it has", async () => {
  const stale = await start("stale", labelled);
  const shard = await shardOf([{ url: stale.url }, { url: a.url }], { well: 100, afresh: 300 });
  const reload = async (config: string) => {
    await writeFile(`${folderOf("stale")}/prometheus.yml`, config);
    process.kill(stale.process.pid, "SIGHUP");
  };
  await reload("scrape_configs: [{}]\n");
  await until("it is known", 5000, () => shard.replica("a").staleConfig);
  expect(shard.names).toEqual(["b", "a"]);
  expect(await answerer(shard)).toBe("b");
  expect(shard.replica("a").condition.state).toBe("well");
  await reload(labelled);
  await until("it is known", 5000, () => !shard.replica("a").staleConfig);
  expect(shard.said).toEqual([
    "fleet-0-a could not take its configuration and goes by an old one: others are asked first",
    "fleet-0-a has taken its configuration",
  ]);
  await stale.process.kill();
});

test("a server whose labels are not known yet is not asked", async () => {
  const late = await start("late", labelled);
  process.kill(late.process.pid, "SIGSTOP");
  const shard = await shardOf([{ url: late.url }, { url: a.url }]);
  expect(shard.replica("a").externalLabels).toEqual({});
  expect(await answerer(shard)).toBe("b");
  process.kill(late.process.pid, "SIGCONT");
  await until("it is well", 5000, () => shard.replica("a").condition.state === "well");
  expect(shard.replica("a").externalLabels).toEqual({ cluster: "no", zone: "a: b" });
  await late.process.kill();
});

test("who asks before a server's labels are known is not answered by it, even if they become known meanwhile", async () => {
  const late = await start("late", labelled);
  process.kill(late.process.pid, "SIGSTOP");
  const shard = await shardOf([{ url: late.url }]);
  const asked = answerer(shard).catch((error: unknown) => String(error));
  process.kill(late.process.pid, "SIGCONT");
  expect(await asked).toMatch(/fleet-0-a: (its external labels were not known yet|no answer within 600 ms)/);
  await until("it answers", 5000, async () => (await answerer(shard)) === "a");
  await late.process.kill();
});

test("another topology keeps what is known of servers that stay, and asks nobody who has left", async () => {
  const shard = await shardOf([{ url: a.url }, { url: b.url, externalLabels: {} }]);
  const [first, second] = [shard.replica("a"), shard.replica("b")];
  shard.router.follow(oneShardTopology([{ url: a.url }]));
  expect(shard.replica("a")).toBe(first);
  expect(shard.names).toEqual(["a"]);
  expect(await shard.router.objection(second)).toBe("it has left the topology");
  shard.router.follow(oneShardTopology([{ url: a.url, externalLabels: { x: "y" } }]));
  expect(shard.replica("a")).toBe(first);
  expect(first.externalLabels).toEqual({ x: "y" });
  // nothing is known of it any more: the topology's word was not its own
  shard.router.follow(oneShardTopology([{ url: a.url }]));
  expect(shard.replica("a")).not.toBe(first);
  await until("its labels are known", 5000, () => shard.replica("a").externalLabels["cluster"] === "no");
  shard.router.follow(oneShardTopology([{ url: b.url }]));
  expect(shard.replica("a").url).toBe(b.url);
});

test("servers that only change their names answer at once", async () => {
  const shard = await shardOf([{ url: a.url }, { url: b.url }]);
  shard.router.follow(oneShardTopology([{ url: b.url }, { url: a.url }]));
  expect(await answerer(shard)).toBe("a");
  expect(shard.replica("a").url).toBe(b.url);
  expect(shard.replica("a").externalLabels).toEqual({ cluster: "no", zone: "a: b" });
});

test("what waits for a server that hangs is answered by another one within a second, what comes after at once", async () => {
  const silent = await start("silent", "{}\n");
  const shard = await shardOf([{ url: silent.url }, { url: a.url }]);
  expect(await answerer(shard)).toBe("a");
  process.kill(silent.process.pid, "SIGSTOP");
  const began = performance.now();
  expect(await answerer(shard)).toBe("b");
  expect(performance.now() - began).toBeLessThan(1000);
  await until("it is put aside", 5000, () => shard.replica("a").condition.state === "ill");
  const after = performance.now();
  expect(await answerer(shard)).toBe("b");
  expect(performance.now() - after).toBeLessThan(100);
  process.kill(silent.process.pid, "SIGCONT");
  await until("it is well again", 10_000, () => shard.replica("a").condition.state === "well");
  expect(shard.said).toEqual(["fleet-0-a is put aside: no answer within 600 ms", "fleet-0-a is well again"]);
  await silent.process.kill();
});

test("a shard whose servers all hang is lost within a second, and after that at once", async () => {
  const servers = await Promise.all([start("hangs-a", "{}\n"), start("hangs-b", "{}\n")]);
  const shard = await shardOf(servers.map(({ url }) => ({ url })));
  await answerer(shard);
  for (const { process: one } of servers) {
    process.kill(one.pid, "SIGSTOP");
    await until("it is stopped", 5000, () => / T /.test(readFileSync(`/proc/${one.pid}/stat`, "utf8")));
  }
  const lost = expect.stringMatching(
    /^ShardLost: shard 0 is unavailable \(fleet-0-[ab]: .+; fleet-0-[ab]: .+\)$/,
  );
  const began = performance.now();
  expect(await answerer(shard).catch(String)).toEqual(lost);
  expect(performance.now() - began).toBeLessThan(1000);
  const after = performance.now();
  expect(await answerer(shard).catch(String)).toEqual(lost);
  expect(performance.now() - after).toBeLessThan(100);
  for (const { process: one } of servers) process.kill(one.pid, "SIGCONT");
  await until("they answer again", 5000, async () => (await answerer(shard)) !== "");
  for (const { process: one } of servers) await one.kill();
});

test("a moment of silence of the only server is waited for", async () => {
  const slow = await start("slow", "{}\n");
  const shard = await shardOf([{ url: slow.url }], { well: 20, patience: 2000 });
  process.kill(slow.process.pid, "SIGSTOP");
  const asked = answerer(shard);
  await until("it is doubted", 5000, () => shard.replica("a").doubted);
  process.kill(slow.process.pid, "SIGCONT");
  expect(await asked).toBe("a");
  expect([shard.replica("a").doubted, shard.said]).toEqual([false, []]);
  await slow.process.kill();
});
