import { noCoverage } from "../coverage/coverage-index.ts";
import { ShardSources } from "../coverage/shard-sources.ts";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PlainFetcher, PlainRouter } from "../../../e2e/harness/evaluation-bed.ts";
import { ask, post } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { type WrittenSeries, remoteWrite } from "../../../e2e/harness/remote-write.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import { combine } from "./combined-apis.ts";
import type { Params } from "./combiner.ts";

const now = Date.now();
const samples = [[now - 60_000, "1"]] as const;
const awkward = [
  "plain",
  'quoted "},{" and \\ back\\',
  "}",
  "<b>&amp;</b>",
  "line\nfeed\u0001\u2028",
  "～ after 😀 by UTF-16, before it by UTF-8",
  "😀",
  "ümläut",
];

/** Each target lies on one shard, but for what every shard scrapes. */
function written(shard: number): WrittenSeries[] {
  const series: WrittenSeries[] = [
    { labels: { __name__: "shared", job: "everywhere", instance: "all" }, samples },
    { labels: { __name__: `only_on_${shard}`, [`label_of_${shard}`]: "x", __proto: "y" }, samples },
  ];
  for (const [index, value] of awkward.entries()) {
    if (index % 2 !== shard) continue;
    series.push({ labels: { __name__: "up", job: "app", instance: `host-${index}`, value }, samples });
    series.push({ labels: { __name__: "aaa", job: "app", instance: `host-${index}` }, samples });
  }
  return series;
}

const times: Params = [
  ["start", String(now / 1000 - 3600)],
  ["end", String(now / 1000)],
];
const up = ["match[]", "up"] as const;
const app = ["match[]", '{job="app",instance=~"host-[0-5]"}'] as const;
const shared = ["match[]", '{job="everywhere"}'] as const;

const lists: readonly { api: string; params: Params }[] = [
  { api: "labels", params: [] },
  { api: "labels", params: times },
  { api: "labels", params: [...times, up] },
  { api: "labels", params: [...times, up, shared] },
  { api: "labels", params: [...times, ["match[]", "only_on_1"]] },
  {
    api: "labels",
    params: [
      ["start", "1"],
      ["end", "2"],
    ],
  },
  { api: "label/value/values", params: times },
  { api: "label/__name__/values", params: times },
  { api: "label/instance/values", params: [...times, app, shared] },
  { api: "label/nobody/values", params: [] },
  { api: "series", params: [...times, up] },
  { api: "series", params: [...times, shared] },
  { api: "series", params: [...times, up, app, shared] },
  { api: "series", params: [...times, ["match[]", "nothing"]] },
];

const refused: readonly { api: string; params: Params }[] = [
  { api: "labels", params: [["match[]", "{}"]] },
  { api: "labels", params: [["start", "soon"]] },
  { api: "series", params: [] },
  { api: "series", params: [["match[]", "up{"]] },
];

describe.each(["3.16", "2.42"])("with Prometheus %s", (version) => {
  let workplace: Workplace;
  let shards: PrometheusServer[];
  let reference: PrometheusServer;
  const isOld = version.startsWith("2.");

  beforeAll(async () => {
    workplace = new Workplace("stored-series");
    const server = async (name: string, series: readonly WrittenSeries[]) => {
      const flags = ["--web.enable-remote-write-receiver"];
      const begun = await startPrometheus({ folder: workplace.path(name), version, flags, config: "{}\n" });
      await remoteWrite(begun.url, series);
      return begun;
    };
    shards = [await server("0", written(0)), await server("1", written(1))];
    reference = await server("reference", [...written(0), ...written(1)]);
  });
  afterAll(() => workplace[Symbol.asyncDispose]());

  async function combined(api: string, params: Params, servers: readonly PrometheusServer[] = shards) {
    const router = new PlainRouter({ version, shards: servers.map(({ url }) => [{ url }]) });
    const sources = new ShardSources(router, noCoverage);
    const context = { router, sources, fetcher: new PlainFetcher(router) };
    try {
      const { status, body } = await combine(context, { api, params }, AbortSignal.timeout(20_000));
      const bytes = body instanceof Uint8Array ? body : await buffer(body);
      return { status, answer: JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown> };
    } finally {
      await router.dispatcher.destroy();
    }
  }

  async function direct(api: string, params: Params) {
    const form = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value]));
    const { status, body } = await ask(`${reference.url}/api/v1/${api}?${form.toString()}`);
    return { status, answer: JSON.parse(body.toString()) as Record<string, unknown> };
  }

  test.each(lists)("$api $params is what one Prometheus says", async ({ api, params }) => {
    const isOrdered = api !== "series" || params.filter(([name]) => name === "match[]").length > 1;
    const want = inOrder(await direct(api, params), isOrdered);
    expect(inOrder(await combined(api, params), isOrdered)).toEqual(want);
  });

  test.each(lists)("$api $params of a single shard goes out as it is", async ({ api, params }) => {
    expect(await combined(api, params, [reference])).toEqual(await direct(api, params));
  });

  test.each(["labels", "label/value/values", "series"])("%s: a limit holds for all shards", async (api) => {
    const asked = [...times, up, app];
    const all = (await combined(api, asked)).answer["data"] as unknown[];
    for (const limit of [1, 3, all.length - 1]) {
      const { answer } = await combined(api, [...asked, ["limit", String(limit)]]);
      const data = answer["data"] as unknown[];
      // a server takes any values of a label up to the limit
      const isAny = api === "label/value/values" && !isOld;
      expect(data).toEqual(isAny ? all.filter((one) => data.includes(one)) : all.slice(0, limit));
      expect(data).toHaveLength(limit);
      expect(answer["warnings"]).toEqual(["results truncated due to limit"]);
      if (isOld) continue;
      const want = (await direct(api, [...asked, ["limit", String(limit)]])).answer;
      expect(isAny ? { ...answer, data: want["data"] } : answer).toEqual(want);
    }
    for (const limit of [0, all.length, all.length + 1]) {
      const { answer } = await combined(api, [...asked, ["limit", String(limit)]]);
      expect(answer).toEqual({ status: "success", data: all });
    }
  });

  test.each(refused)("$api $params is refused as one Prometheus does", async ({ api, params }) => {
    const got = await combined(api, params);
    expect(got.status).toBe(400);
    expect(got).toEqual(await direct(api, params));
  });

  test("a list of selectors longer than a URL may be", async () => {
    const alternatives = "x".repeat(100);
    const selectors = Array.from(
      { length: 9_000 },
      (_, index) => ["match[]", `up{instance=~"host-${index}|${alternatives}"}`] as const,
    );
    expect(selectors.join("&").length).toBeGreaterThan(1024 ** 2);
    const { answer } = await combined("labels", selectors);
    expect(answer["data"]).toEqual(["__name__", "instance", "job", "value"]);
    const { body } = await post(`${reference.url}/api/v1/series`, { "match[]": "up" });
    expect((await combined("series", selectors)).answer["data"]).toHaveLength(
      (JSON.parse(body.toString()) as { data: unknown[] }).data.length,
    );
  });

  test("a shard that is gone is an error with its name", async () => {
    const gone = await startPrometheus({ folder: workplace.path("gone"), version, config: "{}\n" });
    await gone.process.kill();
    const [first] = shards;
    if (!first) throw new Error("no shard");
    for (const api of ["labels", "label/job/values", "series", "metadata", "rules", "alerts", "targets"])
      await expect(combined(api, api === "series" ? [up] : [], [first, gone])).rejects.toMatchObject({
        name: "ShardLost",
        shard: "1",
      });
  });
});

/** Prometheus has no order for the series of one selector. */
function inOrder(
  { status, answer }: { status: number; answer: Record<string, unknown> },
  isOrdered: boolean,
) {
  const data = (answer["data"] as unknown[]).map((one) => JSON.stringify(one));
  return { status, answer: { ...answer, data: isOrdered ? data : data.toSorted() } };
}
