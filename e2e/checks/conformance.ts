import type { Check, CheckContext } from "../harness/check.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { type PrometheusServer, startPrometheus } from "../harness/prometheus-server.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import { Workplace } from "../harness/workplace.ts";
import { askAll, type Kind, type Tally } from "../conformance/ask-all.ts";
import { apiRequests, compareApi, versionTold } from "../conformance/apis.ts";
import { conformanceQueries, demoSamples } from "../conformance/samples.ts";
import { splitByShard, storeFlags } from "../conformance/sharded-samples.ts";

const shards = 2;
const replicas = 2;

export const conformance: Check = {
  name: "conformance",
  claim: "539 conformance queries answered like one Prometheus, over 2 shards × 2 replicas",
  bothVersions: true,
  soakOnly: false,
  run,
};

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("conformance");
  const server = async (name: string) =>
    await startPrometheus({
      folder: place.path(name),
      version: prometheus,
      config: "global: {}\n",
      flags: storeFlags,
    });
  const samples = demoSamples();
  const parts = splitByShard(samples, shards);
  report.figure("series of each shard", parts.map((part) => part.length).join(" + "));

  const { url: reference } = await server("reference");
  await remoteWrite(reference, samples);
  const servers: PrometheusServer[][] = [];
  for (const [shard, part] of parts.entries()) {
    const pair = await Promise.all(
      Array.from({ length: replicas }, (_, index) => server(`shard-${shard}-${"ab"[index]}`)),
    );
    for (const { url } of pair) await remoteWrite(url, part);
    servers.push(pair);
  }
  const fleet = servers.map((pair) => pair.map(({ url }) => url));
  const queries = conformanceQueries();
  await canary(report, reference, fleet, queries);

  const gateway = await startGateway(place.folder, fleet, prometheus);
  await claimQueries(report, "like one Prometheus", queries, reference, gateway.url);
  await claimApis(report, reference, gateway.url, prometheus);
  // replica a of the first shard, replica b of the second
  for (const [shard, index] of [
    [0, 0],
    [1, 1],
  ] as const)
    await servers[shard]?.[index]?.process.kill();
  await claimQueries(report, "and with a replica of each shard gone", queries, reference, gateway.url);
}

async function claimQueries(
  report: CheckContext["report"],
  what: string,
  queries: readonly string[],
  reference: string,
  gateway: string,
): Promise<void> {
  const tallies: Record<Kind, Tally> = {
    range: await askAll(queries, "range", reference, gateway),
    instant: await askAll(queries, "instant", reference, gateway),
  };
  const of = (kind: Kind) => `${tallies[kind].equal} of ${queries.length} ${kind}`;
  const sum = (count: (tally: Tally) => number) => count(tallies.range) + count(tallies.instant);
  const detail = `${of("range")}, ${of("instant")}, ${sum((tally) => tally.bitEqual)} bit-equal, ${sum((tally) => tally.notEmpty)} not empty`;
  const differences = [...tallies.range.differences, ...tallies.instant.differences];
  for (const difference of differences.slice(0, 20)) report.figure("differs", difference);
  report.claim(what, differences.length === 0, detail);
  report.claim("most queries give something", sum((tally) => tally.notEmpty) > queries.length);
}

/** The other APIs, as Grafana uses them. */
async function claimApis(
  report: CheckContext["report"],
  reference: string,
  gateway: string,
  version: string,
): Promise<void> {
  let same = 0;
  for (const request of apiRequests) {
    const difference = await compareApi(request, reference, gateway);
    if (difference === undefined) same++;
    else report.figure(request.name, difference);
  }
  const detail = `${same} of ${apiRequests.length} with gzip`;
  report.claim("labels, series and the like as one Prometheus has them", same === apiRequests.length, detail);
  const told = await versionTold(gateway);
  report.claim("buildinfo tells a version", told.startsWith(version), told);
}

/** The comparison itself must notice a fleet that lacks a shard, and must not notice the reference compared with itself. */
async function canary(
  report: CheckContext["report"],
  reference: string,
  fleet: readonly (readonly string[])[],
  queries: readonly string[],
): Promise<void> {
  const itself = await askAll(queries, "instant", reference, reference);
  report.claim("the reference equals itself", itself.differences.length === 0, `${itself.equal} equal`);
  for (const [shard, urls] of fleet.entries()) {
    const lacking = await askAll(queries, "instant", reference, urls[0] ?? "");
    const noticed = lacking.differences.length;
    report.claim(
      `only shard ${shard} answering is noticed`,
      noticed > queries.length / 2,
      `${noticed} queries differ`,
    );
  }
}
