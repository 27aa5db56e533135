import { noCoverage } from "../coverage/coverage-index.ts";
import { ShardSources } from "../coverage/shard-sources.ts";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PlainFetcher, PlainRouter } from "../../../e2e/harness/evaluation-bed.ts";
import { ask } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import { combine } from "./combined-apis.ts";
import type { Params } from "./combiner.ts";
import { config, exposition, firstRules, hostRules } from "./example-fleet.ts";

interface Answered {
  status: number;
  answer: { status: string; data: unknown; error?: string };
}

describe.each(["3.16", "2.42"])("with Prometheus %s", (version) => {
  let workplace: Workplace;
  let exporter: Server;
  let shards: PrometheusServer[];
  let reference: PrometheusServer;
  const isOld = version.startsWith("2.");

  beforeAll(async () => {
    workplace = new Workplace("scraped-fleet");
    exporter = createServer((request, response) => {
      response.setHeader("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8");
      response.end(exposition((request.url ?? "").slice(1)));
    });
    exporter.listen(0, "127.0.0.1");
    await once(exporter, "listening");
    const address = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
    const server = async (name: string, hosts: string, rules: Record<string, string>) => {
      const folder = workplace.path(name);
      await mkdir(folder, { recursive: true });
      for (const [file, groups] of Object.entries(rules))
        await writeFile(path.join(folder, file), `groups:${groups}`);
      const flags = ["--enable-feature=exemplar-storage"];
      return await startPrometheus({ folder, version, flags, config: config(address, hosts) });
    };
    [reference, ...shards] = await Promise.all([
      server("reference", "host-.*", { "rules-0-aaa.yml": hostRules + firstRules }),
      server("servers/bed-0-a", "host-[0-2]", { "rules-0-aaa.yml": hostRules + firstRules }),
      server("servers/bed-1-a", "host-3", { "rules-0-bbb.yml": hostRules }),
    ]);
    for (const one of [direct, combined]) {
      const text = async (api: string) => JSON.stringify((await one(api)).answer.data);
      await until(
        "every host is scraped",
        20_000,
        async () => (await text("targets")).split('"up"').length === 6,
      );
      await until("an alert is there for each", 20_000, async () => {
        return (await text("alerts")).split("activeAt").length === 7;
      });
      await until("every rule is evaluated", 20_000, async () => {
        const rules = await text("rules");
        return rules.includes("lastError") && !rules.includes('"unknown"');
      });
      await until("the Alertmanager is found", 20_000, async () =>
        (await text("alertmanagers")).includes("127.0.0.1:9"),
      );
    }
  });
  afterAll(async () => {
    exporter.close();
    await workplace[Symbol.asyncDispose]();
  });

  async function combined(
    api: string,
    params: Params = [],
    onEveryShard = ["everywhere"],
    servers: readonly PrometheusServer[] = shards,
  ): Promise<Answered> {
    const router = new PlainRouter({ version, shards: servers.map(({ url }) => [{ url }]), onEveryShard });
    const sources = new ShardSources(router, noCoverage);
    const context = { router, sources, fetcher: new PlainFetcher(router) };
    try {
      const { status, body } = await combine(context, { api, params }, AbortSignal.timeout(20_000));
      const bytes = body instanceof Uint8Array ? body : await buffer(body);
      return { status, answer: parsed(bytes) };
    } finally {
      await router.dispatcher.destroy();
    }
  }

  async function direct(api: string, params: Params = []): Promise<Answered> {
    const form = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value]));
    const { status, body } = await ask(`${reference.url}/api/v1/${api}?${form.toString()}`);
    return { status, answer: parsed(body) };
  }

  async function groupsOf(file: string) {
    const { data } = (await combined("rules", [["file[]", file]])).answer;
    return (data as { groups: { name: string; rules: { alerts?: unknown[] }[] }[] }).groups;
  }

  async function activePools(onEveryShard: string[]) {
    const { data } = (await combined("targets", [["state", "active"]], onEveryShard)).answer;
    return (data as { activeTargets: { scrapePool: string }[] }).activeTargets.map((one) => one.scrapePool);
  }

  const same: readonly { api: string; params?: Params; ordered?: true }[] = [
    { api: "metadata" },
    { api: "metadata", params: [["metric", "app_requests"]] },
    { api: "metadata", params: [["metric", "nothing"]] },
    { api: "metadata", params: [["limit", "0"]] },
    { api: "metadata", params: [["limit", "many"]] },
    { api: "metadata", params: [["limit_per_metric", "0"]] },
    { api: "targets/metadata" },
    { api: "targets/metadata", params: [["metric", "app_requests"]] },
    { api: "targets/metadata", params: [["match_target", '{instance=~"host-[23]"}']] },
    { api: "targets/metadata", params: [["limit", "0"]] },
    { api: "targets/metadata", params: [["match_target", "{"]] },
    { api: "query_exemplars", params: [["query", "app_requests_total"]], ordered: true },
    { api: "query_exemplars", params: [["query", 'app_requests_total{instance="host-3"}']], ordered: true },
    { api: "query_exemplars", params: [["query", "nothing"]] },
    { api: "query_exemplars", params: [["query", "1"]] },
    { api: "query_exemplars", params: [["query", "("]] },
    { api: "scrape_pools", ordered: true },
    { api: "alertmanagers" },
    { api: "alerts" },
    { api: "rules", ordered: true },
    { api: "rules", params: [["type", "alert"]] },
    { api: "rules", params: [["type", "no"]] },
    { api: "rules", params: [["rule_name[]", "HostUp"]] },
    { api: "rules", params: [["rule_group[]", "first"]] },
    { api: "rules", params: [["file[]", "nothing.yml"]] },
    { api: "rules", params: [["exclude_alerts", "true"]] },
    { api: "rules", params: [["match[]", '{severity="info"}']] },
    { api: "rules", params: [["group_limit", "1"]] },
    { api: "rules", params: [["group_limit", "none"]] },
    { api: "rules", params: [["group_limit", "0"]] },
    { api: "rules", params: [["group_next_token", "x"]] },
    {
      api: "rules",
      params: [
        ["group_limit", "1"],
        ["group_next_token", "x"],
      ],
    },
    { api: "targets" },
    { api: "targets", params: [["state", "active"]] },
    { api: "targets", params: [["state", "Dropped"]] },
    { api: "targets", params: [["state", "other"]] },
    { api: "targets", params: [["scrapePool", "everywhere"]] },
    {
      api: "targets",
      params: [
        ["scrapePool", "app"],
        ["state", "dropped"],
      ],
    },
  ];
  // what 2.42 does not know it does not heed; the gateway does what it does itself
  const newer = new Set(["group_limit", "group_next_token", "file[]"]);
  const known = same.filter(({ params = [] }) => !isOld || !params.some(([name]) => newer.has(name)));

  test.each(known)("$api $params is what one Prometheus says", async ({ api, params, ordered }) => {
    const want = comparable(await direct(api, params), ordered);
    expect(comparable(await combined(api, params), ordered)).toEqual(want);
  });

  test("a limit of metadata counts metrics, each with all that is said of it", async () => {
    const all = (await combined("metadata")).answer.data as Record<string, unknown[]>;
    const data = (await combined("metadata", [["limit", "2"]])).answer.data as Record<string, unknown[]>;
    expect(Object.keys(data)).toEqual(Object.keys(all).toSorted().slice(0, 2));
    const requests = all["app_requests"] ?? all["app_requests_total"];
    expect(requests).toHaveLength(2);
    const one = (await combined("metadata", [["limit_per_metric", "1"]])).answer.data as typeof all;
    expect(Object.values(one).map((entries) => entries.length)).toEqual(Object.keys(all).map(() => 1));
  });

  test("a limit of targets/metadata ends with the target that reaches it", async () => {
    for (const limit of ["1", "2", "3"]) {
      const params: Params = [
        ["limit", limit],
        ["match_target", '{job="app"}'],
      ];
      const got = (await combined("targets/metadata", params)).answer.data as { target: object }[];
      const targets = new Set(got.map(({ target }) => JSON.stringify(target)));
      // two entries for each target
      expect({ limit, entries: got.length, targets: targets.size }).toEqual(
        limit === "3" ? { limit, entries: 4, targets: 2 } : { limit, entries: 2, targets: 1 },
      );
    }
  });

  test("rules come in pages of groups", async () => {
    const names: string[] = [];
    let token = "";
    do {
      const params: Params = [
        ["group_limit", "1"],
        ...(token === "" ? [] : [["group_next_token", token] as const]),
      ];
      const { data } = (await combined("rules", params)).answer as {
        data: { groups: { name: string }[]; groupNextToken?: string };
      };
      names.push(...data.groups.map(({ name }) => name));
      token = data.groupNextToken ?? "";
    } while (token !== "");
    expect(names).toEqual(["first", "hosts"]);
  });

  test.each(same.filter(({ api }) => api === "rules" && !isOld))(
    "$api $params of a single shard are what it says",
    async ({ api, params }) => {
      const got = await combined(api, params, [], [reference]);
      expect(stripped(got)).toEqual(stripped(await direct(api, params)));
    },
  );

  test("rules of a file, by its name on any of the servers", async () => {
    for (const file of ["rules-0-aaa.yml", workplace.path("servers/bed-0-a/rules-0-aaa.yml")])
      expect((await groupsOf(file)).map(({ name }) => name)).toEqual(["first", "hosts"]);
    // the alerts of all shards, whichever file is asked for
    const [hosts, ...others] = await groupsOf(workplace.path("servers/bed-1-b/rules-0-bbb.yml"));
    expect(others).toEqual([]);
    expect(hosts?.rules[1]?.alerts).toHaveLength(4);
    for (const other of ["rules-0-a", "aules-0-aaa.yml", "xrules-0-aaa.yml"])
      expect(await groupsOf(other)).toEqual([]);
  });

  test("what every shard scrapes is shown as often as it is scraped where nobody says that it is one", async () => {
    expect(await activePools([])).toEqual(["app", "app", "app", "app", "everywhere", "everywhere"]);
    expect(await activePools(["everywhere"])).toEqual(["app", "app", "app", "app", "everywhere"]);
  });
});

/** Prometheus answers an exemplar query without a selector with 204 and nothing. */
function parsed(body: Uint8Array): Answered["answer"] {
  return JSON.parse(
    body.length === 0 ? '{"status":"nothing"}' : Buffer.from(body).toString(),
  ) as Answered["answer"];
}

/** What differs from server to server or from one moment to the next. */
const passing = new Set([
  "evaluationTime",
  "lastEvaluation",
  "activeAt",
  "lastScrape",
  "lastScrapeDuration",
  "globalUrl",
]);

/** All that stands still; alerts have no order. */
function stripped(answered: Answered): unknown {
  const text = JSON.stringify(answered, (name, value: unknown) => {
    if (name !== "alerts" || !Array.isArray(value)) return passing.has(name) ? undefined : value;
    return value.toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
  });
  return JSON.parse(text);
}

/** Without the folder of files; lists in one order where Prometheus has none. */
function comparable(value: unknown, isOrdered = false, name = ""): unknown {
  if (name === "groupNextToken") return "made of the file's name";
  if (name === "file") return path.basename(String(value));
  // the error names examples, and a shard has others
  if (name === "lastError") return String(value).slice(0, 40);
  if (Array.isArray(value)) {
    const list = value.map((one: unknown) => comparable(one, isOrdered));
    if (isOrdered && name !== "alerts") return list;
    return list.map((one) => JSON.stringify(one)).toSorted();
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).filter(([member]) => !passing.has(member));
  return Object.fromEntries(
    members
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([member, inner]) => [member, comparable(inner, isOrdered, member)]),
  );
}
