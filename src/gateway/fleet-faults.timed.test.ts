import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type GatewayAlone, startGateway } from "../../e2e/harness/gateway-alone.ts";
import { serversAreWell } from "../../e2e/harness/gateway-metrics.ts";
import { type Heard, ask } from "../../e2e/harness/http.ts";
import { type StoredFleet, startStoredFleet } from "../../e2e/harness/stored-fleet.ts";
import { until } from "../../e2e/harness/until.ts";
import { Workplace } from "../../e2e/harness/workplace.ts";

let workplace: Workplace;
let fleet: StoredFleet;
let gateway: GatewayAlone;

beforeAll(async () => {
  workplace = new Workplace("fleet-faults");
  fleet = await startStoredFleet(workplace, { shards: 2, replicas: 2, version: "3.16", series: 40 });
  gateway = await startGateway(workplace.folder, fleet.urls, "3.16");
});

afterAll(async () => {
  await fleet.close();
  await workplace[Symbol.asyncDispose]();
});

afterEach(async () => {
  fleet.mend();
  await until("all servers are well", 40_000, async () => await serversAreWell(gateway.url));
});

const api = async (path: string): Promise<Heard> => await ask(`${gateway.url}/api/v1/${path}`);
const instant = (query: string) =>
  `query?${new URLSearchParams({ query, time: String(fleet.end) }).toString()}`;
const range = (query: string) => {
  const params = { query, start: String(fleet.start), end: String(fleet.end), step: "15" };
  return `query_range?${new URLSearchParams(params).toString()}`;
};
const everything: [string, () => string][] = [
  ["an instant query", () => instant("sum(m)")],
  ["a range query", () => range("sum(m)")],
  ["sum(up) or vector(0)", () => instant("sum(up) or vector(0)")],
  ["absent(x)", () => instant("absent(x)")],
  ["labels", () => "labels"],
  ["label values", () => "label/host/values"],
  ["series", () => "series?match[]=m"],
  ["rules", () => "rules"],
  ["alerts", () => "alerts"],
  ["targets", () => "targets"],
  ["metadata", () => "metadata"],
  ["exemplars", () => "query_exemplars?query=m"],
];

test("with every replica of a shard gone, everything is a 503 within a second that names the shard, and then comes back", async () => {
  const [, lost = []] = fleet.proxies;
  for (const proxy of lost) {
    proxy.fault = { kind: "refuse" };
    proxy.reset();
  }
  for (const [what, path] of everything) {
    const { status, body, took } = await api(path());
    expect([what, status]).toEqual([what, 503]);
    expect(JSON.parse(body.toString())).toMatchObject({
      status: "error",
      errorType: "unavailable",
      error: expect.stringMatching(
        /^shard 1 is unavailable \(fleet-1-[ab]: .*; fleet-1-[ab]: .*\[SHARD_UNAVAILABLE\]$/,
      ),
    });
    expect(took).toBeLessThan(1000);
  }
  // what every server knows by itself is still answered
  expect((await api("status/buildinfo")).status).toBe(200);
  expect((await ask(`${gateway.url}/-/ready`)).status).toBe(200);
  fleet.mend();
  for (const [what, path] of everything)
    await until(`${what} is answered again`, 5000, async () => (await api(path())).status === 200);
});

/** What is answered where the answer may lack something. */
const partial = async (path: string) => {
  const { status, body } = await api(`${path}${path.includes("?") ? "&" : "?"}partial_response=true`);
  expect([path, status]).toEqual([path, 200]);
  return JSON.parse(body.toString()) as { status: string; data: unknown; warnings?: string[] };
};

describe("with partial_response=true and every replica of a shard gone", () => {
  const named = [expect.stringMatching(/^shard 1 is unavailable \(.*\): its series are missing$/)];

  test("everything is answered by the others, with a warning that names the shard", async () => {
    for (const proxy of fleet.proxies[1] ?? []) {
      proxy.fault = { kind: "refuse" };
      proxy.reset();
    }
    for (const [, path] of everything)
      expect(await partial(path())).toMatchObject({ status: "success", warnings: named });
    expect((await partial(instant("count(m)"))).data).toMatchObject({
      result: [{ value: [fleet.end, "40"] }],
    });
    expect((await partial("series?match[]=m")).data).toHaveLength(40);
    expect((await partial(range("m"))).data).toMatchObject({
      result: Array.from({ length: 40 }, () => ({ metric: { __name__: "m" } })),
    });
  });

  test("nothing is left, and that is said of both", async () => {
    for (const proxy of fleet.proxies.flat()) {
      proxy.fault = { kind: "refuse" };
      proxy.reset();
    }
    const { data, warnings } = await partial(instant("m"));
    expect(data).toEqual({ resultType: "vector", result: [] });
    expect(warnings?.toSorted()).toEqual([
      expect.stringMatching(/^shard 0 is unavailable/),
      expect.stringMatching(/^shard 1 is unavailable/),
    ]);
    expect((await partial("labels")).warnings).toHaveLength(2);
  });

  test("what is cut in the middle again and again is left out, too", async () => {
    const longest = Math.max(...(fleet.proxies[1] ?? []).map((proxy) => proxy.longest));
    for (const proxy of fleet.proxies[1] ?? []) {
      proxy.fault = { kind: "cut", after: Math.floor(longest / 2) };
      proxy.reset();
    }
    const { data, warnings } = await partial(range("m"));
    expect((data as { result: unknown[] }).result).toHaveLength(warnings ? 40 : 80);
  });

  test("an answer that lacks nothing has no warning, and is the same", async () => {
    for (const [what, path] of everything) {
      const whole = JSON.parse((await api(path())).body.toString()) as unknown;
      expect([what, await partial(path())]).toEqual([what, whole]);
    }
  });

  test.each(["yes", "2", "TrUe"])("%s is no answer to whether it may", async (word) => {
    for (const path of [instant("m"), "labels?"]) {
      const { status, body } = await api(`${path}&partial_response=${word}`);
      expect(status).toBe(400);
      expect(body.toString()).toContain(
        `invalid parameter \\"partial_response\\": cannot parse \\"${word}\\" to a bool`,
      );
    }
  });
});

test("with one replica of each shard gone, nothing fails", async () => {
  const good = await Promise.all(everything.map(async ([, path]) => (await api(path())).body.toString()));
  for (const [first] of fleet.proxies) {
    if (first) first.fault = { kind: "refuse" };
    first?.reset();
  }
  const again = await Promise.all(everything.map(async ([, path]) => (await api(path())).body.toString()));
  expect(again).toEqual(good);
});

test("an answer cut anywhere, on either replica or both, is the whole answer or a 503, and never another one", async () => {
  const asked = [range("m"), range("sum by (host) (m)"), "series?match[]=m"];
  const good = new Map<string, string>();
  for (const path of asked) good.set(path, (await api(path)).body.toString());
  const statuses: Record<number, number> = {};
  let struck = 0;
  for (let turn = 0; turn < 50; turn++) {
    const path = asked[turn % asked.length] ?? "";
    const proxies = fleet.proxies.flat();
    const longest = Math.max(...proxies.map((proxy) => proxy.longest));
    // a cut on one replica can be made good by the other one, a cut on both can not
    const shard = fleet.proxies[turn % 2] ?? [];
    const hit = turn % 5 === 4 ? shard : shard.slice(0, 1);
    for (const proxy of hit) {
      proxy.fault = { kind: "cut", after: Math.floor(Math.random() * longest) };
      proxy.reset();
    }
    const { status, body } = await api(path);
    statuses[status] = (statuses[status] ?? 0) + 1;
    const lost = expect.stringContaining(`shard ${turn % 2} is unavailable`);
    expect([200, 503]).toContain(status);
    expect(body.toString()).toEqual(status === 200 ? good.get(path) : lost);
    for (const proxy of proxies) {
      struck += proxy.struck;
      proxy.struck = 0;
    }
    // connections of this turn would go on cutting
    fleet.mend();
  }
  console.log(`50 cuts: ${struck} struck, answers by status ${JSON.stringify(statuses)}`);
  expect(struck).toBeGreaterThan(10);
  expect(statuses[200]).toBeGreaterThan(25);
});

test("a server that hangs costs a request a few seconds once, and others nothing", async () => {
  const pids = fleet.servers.map(([first]) => first?.process.pid ?? 0);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    const good = await api(instant("count(m)"));
    expect(good.status).toBe(200);
    expect(good.took).toBeLessThan(5000);
    const after = await api(instant("count(m)"));
    expect(after.body.toString()).toContain('"80"');
    expect(after.took).toBeLessThan(1000);
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
});
