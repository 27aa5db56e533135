import type { Explanation } from "../../src/gateway/explain/explanation.ts";
import type { Expression } from "../../src/promql/expression.ts";
import { parse } from "../../src/promql/parse.ts";
import { subexpressions } from "../../src/promql/selectors.ts";
import { conformanceQueries } from "../conformance/samples.ts";
import { splitByShard, storeFlags } from "../conformance/sharded-samples.ts";
import { dashboardQueries, recordedOverTargets } from "../dashboards/queries.ts";
import { clusterSamples } from "../dashboards/samples.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { waysTaken } from "../harness/gateway-metrics.ts";
import { type ApiAnswer, ask, post } from "../harness/http.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { promfleet } from "../harness/promfleet.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import type { Report } from "../harness/report.ts";
import { until } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

export const explain: Check = {
  name: "explain",
  claim:
    "explain says which way each query takes: at least 90% of what Grafana's node exporter and Kubernetes dashboards ask is answered by the shards, or has its heavy part cut",
  bothVersions: false,
  soakOnly: false,
  run,
};

const allWays = ["pass", "concat", "combine", "cut", "evaluate"];
const shards = 2;
/** Of what dashboards ask, how much is to be answered by the shards, in whole or in part. */
const least = 0.9;
/** s; samples are there for twice as long as is asked for, so that no query reads what is older. */
const asked = { range: 300, step: 15, interval: 15 };
/** Queries that are really asked, and evaluated ones that are shown, at most. */
const some = { asked: 40, shown: 30 };

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("explain");
  const lists = {
    conformance: conformanceQueries(),
    "node exporter": dashboardQueries("node-exporter"),
    Kubernetes: dashboardQueries("kubernetes"),
  };
  const end = Math.floor(Date.now() / 1000);
  const ofDashboards = [...lists["node exporter"], ...lists.Kubernetes];
  const urls = await startShards(place, prometheus, ofDashboards, end);
  const gateway = await startGateway(
    place.folder,
    urls.map((url) => [url]),
    prometheus,
    { evenSlots: true, spreadByInstance: { exceptMetrics: recordedOverTargets(ofDashboards) } },
  );
  const times = { start: String(end - asked.range), end: String(end), step: String(asked.step) };
  const one = async (query: string) => await explained(gateway.url, { query, ...times });
  // before it has read all there is of `up` it does not say of an instance that it is on one shard alone
  await until("the gateway knows where instances are", 60_000, async () => {
    return (await one('node_load1{instance="10.0.3.7:9100"}')).way === "pass";
  });

  const found: Explained[] = [];
  for (const [list, queries] of Object.entries(lists)) {
    const ofList: Explained[] = [];
    for (const query of queries) ofList.push(await one(query));
    if (list === "conformance") report.figure(`${list}, ${queries.length} queries`, tally(ofList));
    else claimMost(report, list, ofList);
    found.push(...ofList);
  }
  const known = found.filter(({ status, way }) => status === 200 && allWays.includes(way));
  report.claim(
    "every query is explained",
    known.length === found.length,
    `${known.length} of ${found.length}`,
  );

  const dashboards = found.slice(lists.conformance.length);
  claimCoverage(report, dashboards);
  await claimWaysTaken(report, gateway.url, dashboards, times);
  await claimCommand(report, gateway.url);
}

/** @returns the servers' URLs, in the order of the shards; each has a target's series where the slot of its instance is */
async function startShards(
  place: Workplace,
  version: string,
  queries: readonly string[],
  end: number,
): Promise<string[]> {
  const count = (2 * asked.range) / asked.interval;
  const times = Array.from({ length: count }, (_, at) => (end - (count - 1 - at) * asked.interval) * 1000);
  const { ofTargets, recorded } = clusterSamples(queries, times);
  const urls: string[] = [];
  for (const [shard, series] of splitByShard(ofTargets, shards).entries()) {
    const folder = place.path(`server-${shard}`);
    const server = await startPrometheus({ folder, version, config: "global: {}\n", flags: storeFlags });
    await remoteWrite(server.url, shard === 0 ? [...series, ...recorded] : series);
    urls.push(server.url);
  }
  return urls;
}

interface Explained {
  query: string;
  status: number;
  /** "" where it is not explained. */
  way: string;
  why: string;
  /** What is left for the evaluator. */
  evaluator: string | null;
}

async function explained(
  gateway: string,
  params: { query: string } & Record<string, string>,
): Promise<Explained> {
  const { query } = params;
  const heard = await ask(`${gateway}/api/v1/explain?${new URLSearchParams(params).toString()}`);
  const { data, error } = JSON.parse(heard.body.toString()) as ApiAnswer<Explanation>;
  const { way = "", why = error ?? "", evaluator = null } = data ?? {};
  return { query, status: heard.status, way, why, evaluator };
}

function tally(queries: readonly Explained[]): string {
  return allWays.map((way) => `${queries.filter((query) => query.way === way).length} ${way}`).join(", ");
}

/** Of one list of dashboards alone: one must not make up for what the other lacks. */
function claimMost(report: Report, list: string, queries: readonly Explained[]): void {
  const evaluated = queries.filter(({ way }) => way === "evaluate").length;
  report.claim(
    `${list}: at least 90% of ${queries.length} queries are not wholly evaluated`,
    evaluated <= (1 - least) * queries.length,
    tally(queries),
  );
}

function claimCoverage(report: Report, queries: readonly Explained[]): void {
  const evaluated = queries.filter(({ way }) => way === "evaluate");
  for (const { query, why } of evaluated.slice(0, some.shown)) report.figure(`evaluated, ${why}`, query);
  const light = queries.filter(({ way, evaluator }) => way === "cut" && readsRanges(evaluator ?? ""));
  for (const { query } of light.slice(0, some.shown)) report.figure("cut, but ranges are left", query);
  const claim = (what: string, covered: number) => {
    const share = `${((100 * covered) / queries.length).toFixed(1)}%`;
    report.claim(what, covered >= least * queries.length, `${covered} of ${queries.length}, ${share}`);
  };
  claim(
    "at least 90% of the dashboards' queries are not wholly evaluated",
    queries.length - evaluated.length,
  );
  claim(
    "nor do they leave ranges of series to the evaluator",
    queries.length - evaluated.length - light.length,
  );
}

/** Whether what is left of a query has range selectors: these are what makes an evaluation heavy. */
function readsRanges(rest: string): boolean {
  const visit = (part: Expression): boolean => part.kind === "matrix" || subexpressions(part).some(visit);
  const expression = parse(rest);
  return expression !== undefined && visit(expression);
}

/** /metrics counts the way that was planned, and then, where that was given up, that the query is evaluated. */
async function claimWaysTaken(
  report: Report,
  gateway: string,
  queries: readonly Explained[],
  times: Record<string, string>,
): Promise<void> {
  const chosen = Array.from({ length: some.asked }, (_, at) =>
    queries.at(Math.floor((at * queries.length) / some.asked)),
  ).filter((query) => query !== undefined);
  const otherwise: string[] = [];
  const evaluated: string[] = [];
  let notEmpty = 0;
  for (const { query, way } of chosen) {
    const before = await waysTaken(gateway);
    const heard = await post(`${gateway}/api/v1/query_range`, { query, ...times }, { withinMs: 60_000 });
    const after = await waysTaken(gateway);
    const taken = allWays.filter((one) => (after[one] ?? 0) > (before[one] ?? 0));
    const { data } = JSON.parse(heard.body.toString()) as ApiAnswer<{ result: unknown[] }>;
    if (data !== undefined && data.result.length > 0) notEmpty++;
    if (taken.includes("evaluate")) evaluated.push(`${way}: ${query}`);
    const isAsSaid = taken.includes(way) && taken.every((one) => one === way || one === "evaluate");
    if (heard.status !== 200 || !isAsSaid)
      otherwise.push(`${way} was said, ${taken.join(", ")} taken, ${heard.status}: ${query}`);
  }
  for (const difference of otherwise) report.figure("another way", difference);
  report.claim(
    "asked, each begins with the way that was said",
    otherwise.length === 0,
    `${chosen.length - otherwise.length} of ${chosen.length}: ${tally(chosen)}`,
  );
  report.figure("have an answer that is not empty", notEmpty);
  const answered = chosen.length - evaluated.length;
  const isEnough = answered >= least * chosen.length;
  if (!isEnough) for (const query of evaluated) report.figure("evaluated in the end", query);
  report.claim(
    "nor are more than a tenth of these evaluated in the end",
    isEnough,
    `${answered} of ${chosen.length}`,
  );
}

async function claimCommand(report: Report, gateway: string): Promise<void> {
  const { code, stdout } = await promfleet(["explain", "--gateway", gateway, "sum by (job) (up)"]);
  const [first = ""] = stdout.split("\n");
  report.claim("the command names the way", code === 0 && first.startsWith("combine: "), first);

  const wrong = "sum by (job (up)";
  const { status, way, why } = await explained(gateway, { query: wrong });
  const isClear = status === 200 ? /not understood/.test(why) : status === 400 && why !== "";
  report.claim("a query with a mistake in it is not understood", isClear, `${status} ${way}: ${why}`);
  const ran = await promfleet(["explain", "--gateway", gateway, wrong]);
  const said = `${ran.stdout}${ran.stderr}`;
  report.claim(
    "the command says so, without a stack",
    said.includes(why) && !/^\s+at .+:\d+/m.test(said),
    `exit code ${ran.code}: ${said.split("\n")[0]}`,
  );
}
