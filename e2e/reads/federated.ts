import { mkdirSync } from "node:fs";
import type { CheckContext } from "../harness/check.ts";
import { startGateway } from "../harness/gateway-alone.ts";
import { type HistogramSeries, remoteWriteHistograms } from "../harness/histogram-samples.ts";
import { api, ask, raw } from "../harness/http.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { type WrittenSeries, remoteWrite } from "../harness/remote-write.ts";
import { until } from "../harness/until.ts";
import type { Workplace } from "../harness/workplace.ts";

const interval = 15;
/** s before now, from and to: what a replica of shard 0 has not. */
const lacks: Readonly<Record<string, readonly [from: number, to: number]>> = { a: [160, 0], b: [1200, 190] };
const selectors = ['{__name__=~".+"}', 'odd{kind!="nothing"}', '{kind="other"}'] as const;

/** What /federate gives, and a Prometheus that federates from the gateway, beside one server that has everything. */
export async function federated({ report, prometheus }: CheckContext, place: Workplace): Promise<void> {
  const native = prometheus.startsWith("2.") ? ["--enable-feature=native-histograms"] : [];
  const flags = ["--web.enable-remote-write-receiver", ...native];
  const server = async (name: string, config = "{}\n") =>
    (await startPrometheus({ folder: place.path(`federated-${name}`), version: prometheus, config, flags }))
      .url;
  const now = Date.now();
  const isOld = prometheus.startsWith("2.");
  const reference = await server("reference");
  const fleet: string[][] = [[], []];
  for (const shard of [0, 1]) {
    const floats = floatsOf(shard, now, isOld);
    await remoteWrite(reference, floats);
    await remoteWriteHistograms(reference, histogramsOf(shard, now));
    for (const replica of ["a", "b"]) {
      const url = await server(
        `${shard}-${replica}`,
        `global: {external_labels: {shard: "${shard}", Replica: "${replica}"}}\n`,
      );
      const [from, to] = (shard === 0 ? lacks[replica] : undefined) ?? [-1, -1];
      const isThere = ([time]: readonly [number, ...unknown[]]) =>
        now - time > from * 1000 || now - time < to * 1000;
      await remoteWrite(
        url,
        floats.map((one) => ({ ...one, samples: one.samples.filter(isThere) })),
      );
      await remoteWriteHistograms(
        url,
        histogramsOf(shard, now).map((one) => ({ ...one, samples: one.samples.filter(isThere) })),
      );
      fleet[shard]?.push(url);
    }
  }
  mkdirSync(place.path("gateway-federated"));
  const gateway = await startGateway(place.path("gateway-federated"), fleet, prometheus);
  await until(
    "the gateway knows what each replica has",
    60_000,
    async () =>
      (await api<{ complete: boolean }>(gateway.url, "coverage", { start: "0", end: "1" })).complete,
  );
  await claimTexts(report, reference, gateway.url);
  await claimFederation(report, prometheus, reference, gateway.url, place);
  await claimWords(report, reference, gateway.url);
}

const types = (lines: readonly string[]) => lines.filter((line) => line.startsWith("#")).join("\n");

async function claimTexts(report: CheckContext["report"], reference: string, gateway: string): Promise<void> {
  const search = `?${selectors.map((selector) => `match[]=${encodeURIComponent(selector)}`).join("&")}`;
  for (const accept of ["*/*", "text/plain;version=0.0.4;escaping=allow-utf-8;q=0.5"]) {
    const page = async (base: string) => {
      const { status, headers, body } = await ask(`${base}/federate${search}`, { headers: { accept } });
      return { status, type: headers["content-type"] ?? "", lines: body.toString().split("\n") };
    };
    const [want, got] = await Promise.all([page(reference), page(gateway)]);
    // a server has no order among the series of a name
    const wanted = want.lines.toSorted();
    const other = got.lines.toSorted();
    const at = wanted.findIndex((line, index) => line !== other[index]);
    const same =
      got.status === 200 &&
      at < 0 &&
      wanted.length === other.length &&
      types(want.lines) === types(got.lines);
    report.claim(
      `/federate to a client that takes ${accept}: the text of one server`,
      same && want.lines.length > 100,
      same ? `${want.lines.length} lines` : `${got.status}: ${other[at]} instead of ${wanted[at]}`,
    );
    report.figure("content type", `${got.type}, of a server ${want.type}`);
  }
}

async function claimFederation(
  report: CheckContext["report"],
  version: string,
  reference: string,
  gateway: string,
  place: Workplace,
): Promise<void> {
  const collect = async (name: string, from: string) => {
    const config = {
      global: { scrape_interval: "1s" },
      scrape_configs: [
        {
          job_name: "federate",
          honor_labels: true,
          metrics_path: "/federate",
          params: { "match[]": selectors },
          static_configs: [{ targets: [new URL(from).host] }],
        },
      ],
    };
    const folder = place.path(`federates-${name}`);
    const { url } = await startPrometheus({ folder, version, config: JSON.stringify(config) });
    const found = await until(`${url} has federated`, 20_000, async () => {
      const series = await raw(url, '{__name__!="",instance!~".*:.*"}[20m]');
      return series.length > 0 ? series : undefined;
    });
    return found
      .map(
        ({ metric, values }) =>
          `${JSON.stringify(
            Object.keys(metric)
              .toSorted()
              .map((name) => [name, metric[name]]),
          )} ${JSON.stringify(values)}`,
      )
      .toSorted();
  };
  const [want, got] = await Promise.all([collect("reference", reference), collect("gateway", gateway)]);
  const at = want.findIndex((line, index) => line !== got[index]);
  report.claim(
    "a Prometheus that federates from the gateway has what one has that federates from one server",
    at < 0 && want.length === got.length && want.length > 100,
    at < 0 ? `${want.length} series, ${got.length}` : `${got[at]} instead of ${want[at]}`,
  );
}

/** Errors as one server words them. */
async function claimWords(report: CheckContext["report"], reference: string, gateway: string): Promise<void> {
  const wrong: string[] = [];
  const searches = [
    "",
    ...["", "{}", "m +", "m offset 5m", "m[5m]", "sum(m)", 'm{a=~"("}', "m{a=}"].map(
      (selector) => `?match[]=${encodeURIComponent(selector)}`,
    ),
  ];
  for (const search of searches) {
    const say = async (base: string) => {
      const { status, body } = await ask(`${base}/federate${search}`);
      return `${status} ${body.toString()}`;
    };
    const [want, got] = await Promise.all([say(reference), say(gateway)]);
    if (want !== got) wrong.push(`${search}: ${got.trim()} instead of ${want.trim()}`);
  }
  for (const one of wrong) report.figure("differs", one);
  report.claim(
    "no match[], and wrong ones, as one server answers them",
    wrong.length === 0,
    `${searches.length - wrong.length} of ${searches.length}`,
  );
  const reserved = await ask(`${gateway}/federate?match[]=__promfleet_x`);
  report.claim(
    "names of promfleet's own are refused",
    reserved.status === 400,
    reserved.body.toString().trim(),
  );
}

/** Series of one shard: with a sample every 15 s until a moment ago, and some that end. */
function floatsOf(shard: number, now: number, isOld: boolean): WrittenSeries[] {
  const times = Array.from({ length: 80 }, (_, at) => now - 5000 - (79 - at) * interval * 1000);
  const series: WrittenSeries[] = [];
  const add = (labels: Record<string, string>, value: (at: number, age: number) => string | undefined) =>
    series.push({
      labels,
      samples: times.flatMap((time, at) => {
        const one = value(at, (now - time) / 1000);
        return one === undefined ? [] : [[time, one] as const];
      }),
    });
  for (let target = shard; target < 40; target += 2) {
    const labels = { job: "app", instance: `host-${target}` };
    add({ __name__: "up", ...labels }, () => "1");
    add({ __name__: "requests_total", ...labels }, (at) => String(at * (target + 1) * 1000));
    add({ __name__: "temperature", ...labels, kind: 'q"\\\n' }, (at) => String(Math.sin(at + target) * 1e-5));
    add({ __name__: "odd", ...labels }, (at) => ["NaN", "+Inf", "-Inf", "-0", "1e21"][(target + at) % 5]);
    // ended with a marker, long ago and while one of the replicas was away
    add({ __name__: "gone", ...labels }, (_, age) => (age > 170 ? "1" : age > 150 ? "stale" : undefined));
    add({ __name__: "left", ...labels }, (_, age) => (age > 220 ? "2" : undefined));
    add({ __name__: "old", ...labels }, (_, age) => (age > 400 ? "3" : undefined));
    if (!isOld) add({ __name__: "ümläut.total", ...labels, "lab.el": "x" }, (at) => String(at));
  }
  add({ __name__: "ruled", kind: "other", shard: `own-${shard}` }, (at) => String(at));
  return series;
}

function histogramsOf(shard: number, now: number): HistogramSeries[] {
  const times = Array.from({ length: 40 }, (_, at) => now - 5000 - (39 - at) * interval * 1000);
  return [
    {
      labels: { __name__: "native_seconds", job: "app", instance: `host-${shard}` },
      samples: times.map((time, at) => [time, at * 4] as const),
    },
  ];
}
