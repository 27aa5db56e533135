import { mkdirSync } from "node:fs";
import type { Check, CheckContext } from "../harness/check.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { waysTaken } from "../harness/gateway-metrics.ts";
import { type PrometheusServer, startPrometheus } from "../harness/prometheus-server.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import { Workplace } from "../harness/workplace.ts";
import { askAll } from "../conformance/ask-all.ts";
import { conformanceQueries, demoSamples } from "../conformance/samples.ts";
import {
  type Spreading,
  scatterOverShards,
  splitByShard,
  storeFlags,
} from "../conformance/sharded-samples.ts";

export const ways: Check = {
  name: "ways",
  claim:
    "539 conformance queries, range and instant, each by the way that is planned for it and each that can be evaluated, over 1, 2, 3 and 7 shards",
  bothVersions: true,
  soakOnly: false,
  run,
};

/** There are no more than three instances. Scattered, few groups are whole on a shard, and many plans have to be given up. */
const layouts: readonly { shards: number; spread: Spreading; isDeclared?: true }[] = [
  { shards: 1, spread: "instance" },
  { shards: 2, spread: "instance" },
  { shards: 2, spread: "instance", isDeclared: true },
  { shards: 3, spread: "series" },
  { shards: 7, spread: "series" },
];

/** Of queries over shards in which an instance is whole, so many may turn out not to distribute: equal values at the end of a topk. */
const mostGivenUp = 20;

const allWays = ["pass", "concat", "combine", "cut", "evaluate"] as const;

/** What no answer reaches; a limit is about one server, so what has one is evaluated over the series of all shards. */
const evaluated = { limit: "1000000" };

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("ways");
  const server = async (name: string) =>
    await startPrometheus({
      folder: place.path(name),
      version: prometheus,
      config: "global: {}\n",
      flags: storeFlags,
    });
  const samples = demoSamples();
  const { url: reference } = await server("reference");
  await remoteWrite(reference, samples);
  const queries = conformanceQueries();
  for (const [at, { shards, spread, isDeclared }] of layouts.entries()) {
    const name = `${shards} shard${shards > 1 ? "s" : ""} by ${spread}${isDeclared ? ", which the topology tells" : ""}`;
    const parts = (spread === "instance" ? splitByShard : scatterOverShards)(samples, shards);
    const servers: PrometheusServer[] = await Promise.all(
      parts.map(async (_, index) => await server(`${at}-${index}`)),
    );
    for (const [index, { url }] of servers.entries()) await remoteWrite(url, parts[index] ?? []);
    const folder = place.path(`gateway-${at}`);
    mkdirSync(folder);
    const gateway = await startGateway(
      folder,
      servers.map(({ url }) => [url]),
      prometheus,
      isDeclared ? { spreadByInstance: {} } : {},
    );
    for (const kind of ["range", "instant"] as const) {
      const before = await waysTaken(gateway.url);
      const tally = await askAll(queries, kind, reference, gateway.url);
      const after = await waysTaken(gateway.url);
      const counts = Object.entries(after).map(([way, count]) => [way, count - (before[way] ?? 0)] as const);
      const taken = counts.map(([way, count]) => `${count} ${way}`);
      // who gives a way up takes another one
      const givenUp = counts.reduce((sum, [, count]) => sum + count, 0) - queries.length;
      for (const difference of tally.differences.slice(0, 20)) report.figure("differs", difference);
      report.claim(
        `${name}, ${kind}`,
        tally.differences.length === 0,
        `${tally.equal} of ${queries.length}, ${tally.bitEqual} bit-equal; ${taken.join(", ")}, ${givenUp} given up`,
      );
      if (shards > 1)
        report.claim(
          `${name}, ${kind}: several ways`,
          (after["concat"] ?? 0) > 100 &&
            (after["combine"] ?? 0) > 20 &&
            (spread === "series" || givenUp <= mostGivenUp),
          `${givenUp} given up`,
        );
      if (shards === 1) continue;
      const all = await askAll(queries, kind, reference, gateway.url, evaluated);
      const then = await waysTaken(gateway.url);
      for (const difference of all.differences.slice(0, 20)) report.figure("differs", difference);
      const others = allWays.filter((way) => way !== "evaluate" && then[way] !== after[way]);
      const made = (then["evaluate"] ?? 0) - (after["evaluate"] ?? 0);
      report.claim(
        `${name}, ${kind}, all evaluated`,
        all.differences.length === 0 && others.length === 0 && made === queries.length,
        `${all.equal} of ${queries.length}, ${all.bitEqual} bit-equal; ${made} evaluate`,
      );
    }
    await gateway.process.kill();
    for (const { process } of servers) await process.kill();
  }
}
