import { mkdirSync } from "node:fs";
import { askAll } from "../conformance/ask-all.ts";
import { conformanceQueries, demoSamples, queryRange } from "../conformance/samples.ts";
import { splitByShard, storeFlags } from "../conformance/sharded-samples.ts";
import type { Check, CheckContext } from "../harness/check.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { remoteWrite } from "../harness/remote-write.ts";
import { Workplace } from "../harness/workplace.ts";
import { federated } from "../reads/federated.ts";
import { gaps } from "../reads/gaps.ts";
import { lostReads } from "../reads/lost-reads.ts";
import { comparable, countOf, difference, readAll } from "../reads/raw-read.ts";

export const reads: Check = {
  name: "reads",
  claim: "POST /api/v1/read and /federate give exactly what one Prometheus gives, or an error, never less",
  bothVersions: false,
  soakOnly: false,
  run,
};

/** Versions of Prometheus that read from the gateway. */
const readers = ["3.16", "2.42"] as const;
/** Of the conformance queries, how many the short form asks: every so many. */
const every = { short: 24, soak: 1 };

async function run(context: CheckContext): Promise<void> {
  await using place = new Workplace("reads");
  await conformance(context, place);
  await gaps(context, place);
  await lostReads(context, place);
  await federated(context, place);
}

/** Stock servers that read from the gateway evaluate like one that has the samples. */
async function conformance({ report, soak, prometheus }: CheckContext, place: Workplace): Promise<void> {
  const server = async (name: string, version: string, config = "global: {}\n") => {
    const started = await startPrometheus({
      folder: place.path(`conformance-${name}`),
      version,
      config,
      flags: storeFlags,
    });
    return started;
  };
  const samples = demoSamples();
  const parts = splitByShard(samples, 2);
  const fleet = await Promise.all(
    parts.map(async (part, shard) =>
      Promise.all(
        ["a", "b"].map(async (name) => {
          const labels = `global: {external_labels: {shard: "${shard}", replica: "${name}"}}\n`;
          const started = await server(`${shard}-${name}`, prometheus, labels);
          await remoteWrite(started.url, part);
          return started;
        }),
      ),
    ),
  );
  mkdirSync(place.path("conformance-gateway"));
  const urls = fleet.map((pair) => pair.map(({ url }) => url));
  const gateway = await startGateway(place.path("conformance-gateway"), urls, prometheus);
  const queries = conformanceQueries().filter((_, at) => at % (soak ? every.soak : every.short) === 0);
  for (const version of readers) {
    const reference = await server(`reference-${version}`, version);
    await remoteWrite(reference.url, samples);
    const reader = await server(
      `reader-${version}`,
      version,
      `remote_read: [{url: "${gateway.url}/api/v1/read", read_recent: true}]\n`,
    );
    for (const kind of ["range", "instant"] as const) {
      const tally = await askAll(queries, kind, reference.url, reader.url);
      for (const one of tally.differences.slice(0, 10)) report.figure("differs", one);
      report.claim(
        `a Prometheus ${version} that reads from the gateway, ${kind} queries`,
        tally.differences.length === 0,
        `${tally.equal} of ${queries.length} like one that has the samples, ${tally.bitEqual} bit-equal, ${tally.notEmpty} not empty`,
      );
      report.claim("most give something", tally.notEmpty > queries.length / 2, tally.notEmpty);
    }
    if (version === prometheus) {
      const asked = [
        {
          start: BigInt(queryRange.start - 3600) * 1000n,
          end: BigInt(queryRange.end) * 1000n,
          matchers: [{ op: "=~", name: "__name__", value: ".+" }],
          hints: undefined,
        },
        {
          start: 0n,
          end: BigInt(queryRange.start) * 1000n,
          matchers: [{ op: "=", name: "shard", value: "0" }],
          hints: undefined,
        },
        {
          start: 0n,
          end: BigInt(queryRange.start) * 1000n,
          matchers: [
            { op: "!=", name: "job", value: "demo" },
            { op: "!=", name: "__name__", value: "" },
          ],
          hints: undefined,
        },
      ] as const;
      for (const form of ["samples", "chunks"] as const) {
        const want = comparable(await readAll(reference.url, asked, form));
        const wrong = difference(want, comparable(await readAll(gateway.url, asked, form)));
        const { series, samples: count } = countOf(want);
        report.claim(
          `three queries in one request, as ${form}`,
          wrong === undefined && count > 1000,
          wrong ?? `${series} series, ${count} samples`,
        );
      }
    }
    await reader.process.kill();
    await reference.process.kill();
  }
  await gateway.process.kill();
  for (const { process } of fleet.flat()) await process.kill();
}
