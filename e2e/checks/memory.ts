import type { Check, CheckContext } from "../harness/check.ts";
import { type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { post } from "../harness/http.ts";
import { peakResidentBytes, residentBytes } from "../harness/processes.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { remoteWrite, type WrittenSeries } from "../harness/remote-write.ts";
import { until, untilElapsed } from "../harness/until.ts";
import { Workplace } from "../harness/workplace.ts";

const megabyte = 1 << 20;
const boundMegabytes = 120;
const answerBytes = 50 * 1e6;

/** Two hours of a shard, read at every second: about 34 bytes a point, so that all of one shard is a large answer. */
const data = { seriesPerShard: 216, start: 1_795_420_000, seconds: 7200, every: 5 };

export const memory: Check = {
  name: "memory",
  claim:
    "the gateway stays under 120 MB after its start and after an answer of 50 MB, piped through or evaluated",
  bothVersions: true,
  soakOnly: false,
  run,
};

async function run(context: CheckContext): Promise<void> {
  const { report, soak, prometheus } = context;
  await using place = new Workplace("memory");
  const urls: string[] = [];
  for (const shard of [0, 1]) {
    const { url } = await startPrometheus({
      folder: place.path(`shard-${shard}`),
      version: prometheus,
      config: "global: {}\n",
      flags: ["--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=10y"],
    });
    // a head takes samples of its last hour only: half an hour of all series, then the next
    for (let from = 0; from <= data.seconds; from += 1800) await remoteWrite(url, wideSeries(shard, from));
    urls.push(url);
  }
  const [first = "", second = ""] = urls;
  const settle = soak ? 60 : 10;
  for (const [way, shards, query] of [
    ["piped through", [[first]], "wide"],
    ["evaluated over two shards", [[first], [second]], 'wide{half="0"}'],
  ] as const) {
    const gateway = await startGateway(place.folder, shards, prometheus);
    await untilElapsed(settle * 1000);
    await claimMemory(report, gateway, `${settle} s after start`);
    // as often as a dashboard would: what the first leaves behind must not add up
    for (let round = 1; round <= (soak ? 5 : 2); round++) {
      const took = await passLargeAnswer(context, gateway, query);
      await claimMemory(report, gateway, `answer ${round}, ${way}, in ${(took / 1000).toFixed(1)} s`);
    }
    await gateway.process.kill();
  }
}

/** ms after an answer in which the gateway may give back what it took. */
const giveBack = 5000;

async function claimMemory(
  report: CheckContext["report"],
  gateway: GatewayAlone,
  when: string,
): Promise<void> {
  let resident = residentBytes(gateway.pid) / megabyte;
  const within = () => (resident = residentBytes(gateway.pid) / megabyte) < boundMegabytes;
  await until(when, giveBack, within).catch(() => undefined);
  const peak = peakResidentBytes(gateway.pid) / megabyte;
  const detail = `${resident.toFixed(0)} MB resident, at most ${peak.toFixed(0)} MB so far`;
  report.claim(`under ${boundMegabytes} MB, ${when}`, resident < boundMegabytes, detail);
}

async function passLargeAnswer(
  { report }: CheckContext,
  gateway: GatewayAlone,
  query: string,
): Promise<number> {
  const { start, seconds, seriesPerShard } = data;
  const end = start + seconds - 1;
  const heard = await post(
    `${gateway.url}/api/v1/query_range`,
    { query, start: String(start), end: String(end), step: "1" },
    { withinMs: 120_000 },
  );
  const answer = JSON.parse(heard.body.toString()) as { data?: { result: { values: unknown[] }[] } };
  const result = answer.data?.result ?? [];
  const whole =
    result.length === seriesPerShard && result.every((series) => series.values.length === seconds);
  const size = heard.body.length;
  report.claim(
    "the answer is whole and large",
    heard.status === 200 && whole && size >= answerBytes,
    `status ${heard.status}, ${(size / 1e6).toFixed(1)} MB, ${result.length} series`,
  );
  return heard.took;
}

function wideSeries(shard: number, from: number): WrittenSeries[] {
  const offsets = Array.from({ length: 1800 / data.every }, (_, index) => from + index * data.every);
  return Array.from({ length: data.seriesPerShard }, (_, index) => ({
    labels: { __name__: "wide", shard: String(shard), index: String(index), half: String(index % 2) },
    samples: offsets.map(
      (offset) => [(data.start + offset) * 1000, String(value(shard, index, offset))] as const,
    ),
  }));
}

/** With all its digits, so that points are long; the same in every run. */
const value = (shard: number, index: number, offset: number) =>
  1 + Math.abs(Math.sin(shard * 1e6 + index * 1e3 + offset));
