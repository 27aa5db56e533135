import { onTestFinished, afterAll, beforeAll, expect, test } from "vitest";
import { EvaluationBed, queryRequest } from "../../../e2e/harness/evaluation-bed.ts";
import { post } from "../../../e2e/harness/http.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { remoteWrite } from "../../../e2e/harness/remote-write.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";

const mebibyte = 1024 ** 2;
const start = Math.floor(Date.now() / 60_000) * 60_000 - 3_500_000;
const end = start + 3_000_000;
const time = String(end / 1000);

let workplace: Workplace;
/** As Prometheus is by default: 10 reads at once, frames of 1 MiB. */
let servers: PrometheusServer[];

beforeAll(async () => {
  workplace = new Workplace("way-four-size");
  servers = await Promise.all(
    [0, 1].map(async (shard) => {
      const server = await startPrometheus({
        folder: workplace.path(`shard-${shard}`),
        version: "3.16",
        flags: ["--web.enable-remote-write-receiver"],
        config: "{}\n",
      });
      // values that do not compress: about 9 bytes each
      await remoteWrite(server.url, [
        {
          labels: { __name__: "long", shard: String(shard) },
          samples: Array.from(
            { length: 200_000 },
            (_, at) => [start + at * 15, String(Math.sin(at * at))] as const,
          ),
        },
        ...Array.from({ length: 12 }, (_, index) => ({
          labels: { __name__: "wide", i: String(index), shard: String(shard) },
          samples: Array.from(
            { length: 10_000 },
            (_, at) => [start + at * 300, String(Math.cos(at * at + index))] as const,
          ),
        })),
        ...Array.from({ length: 100 }, (_, index) => ({
          labels: { __name__: "many", i: String(index), shard: String(shard) },
          samples: Array.from(
            { length: 51 },
            (_, at) => [start + at * 60_000, String(Math.cos(at * at + index))] as const,
          ),
        })),
      ]);
      return server;
    }),
  );
});

afterAll(async () => {
  await workplace[Symbol.asyncDispose]();
});

function startBed(options: Partial<Parameters<typeof EvaluationBed.start>[1]> = {}): Promise<EvaluationBed> {
  return EvaluationBed.start(workplace, {
    version: "3.16",
    shards: servers.map(({ url }) => [{ url }]),
    ...options,
  });
}

test("a series larger than a server's frames comes whole", async () => {
  const bed = closedAfterwards(await startBed());
  const query = "count_over_time(long[4h])";
  const { body } = await bed.query({ query, time });
  const direct = await Promise.all(servers.map(({ url }) => post(`${url}/api/v1/query`, { query, time })));
  expect(direct.flatMap((answer) => counts(answer.body.toString()))).toEqual(["200000", "200000"]);
  expect(counts(body)).toEqual(["200000", "200000"]);
});

// more reads than a server takes at once
const twelve = Array.from({ length: 12 }, (_, index) => `count_over_time(wide[${200 + index}m])`).join(" + ");

test("a query with more selectors than its servers read at once is answered", async () => {
  const bed = closedAfterwards(await startBed());
  await bed.query({ query: "wide", time });
  await expect.poll(() => bed.evaluation.state().reads.room).toBe(5);
  const { status, body } = await bed.query({ query: twelve, time }, AbortSignal.timeout(30_000));
  expect(status).toBe(200);
  expect(body.match(/"120000"/g)).toHaveLength(24);
});

test("many such queries at once are answered too, and leave nothing behind", async () => {
  const bed = closedAfterwards(await startBed());
  const asked = Array.from({ length: 8 }, (_, index) =>
    bed.query(
      { query: index % 2 === 0 ? twelve : "count(wide) + count(wide offset 1m)", time },
      AbortSignal.timeout(60_000),
    ),
  );
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  expect(bed.evaluation.state()).toMatchObject({
    queries: 0,
    reads: { used: 0, waiting: 0 },
    counts: { open: 0, failed: 0, abandoned: 0 },
  });
});

test("such a query is refused where its data is more than may be held", async () => {
  const bed = closedAfterwards(await startBed({ evaluation: { spoolBytes: mebibyte } }));
  await expect(bed.query({ query: twelve, time })).rejects.toMatchObject({ code: "QUERY_TOO_MUCH_DATA" });
});

test("reads that would wait for each other at the servers for ever do not", async () => {
  const server = await startPrometheus({
    folder: workplace.path("narrow"),
    version: "3.16",
    flags: ["--web.enable-remote-write-receiver", "--storage.remote.read-concurrent-limit=2"],
    config: "{}\n",
  });
  // about 15 MB: more than all the buffers between the server and the evaluator
  const samples = 140_000;
  for (let index = 0; index < 12; index++) {
    await remoteWrite(server.url, [
      {
        labels: { __name__: "heavy", i: String(index) },
        samples: Array.from(
          { length: samples },
          (_, at) => [start + at * 20, String(Math.cos(at * at + index))] as const,
        ),
      },
    ]);
  }
  const bed = (evaluation: object) => startBed({ shards: [[{ url: server.url }]], evaluation });
  const query = ["4h", "5h", "6h", "7h"].map((range) => `count_over_time(heavy[${range}])`).join(" + ");
  const careful = closedAfterwards(await bed({ spoolBytes: 128 * mebibyte }));
  await careful.query({ query: "count(heavy)", time });
  await expect.poll(() => careful.evaluation.state().reads.room).toBe(1);
  const { body } = await careful.query({ query, time }, AbortSignal.timeout(30_000));
  expect(body.match(new RegExp(`"${4 * samples}"`, "g"))).toHaveLength(12);
});

test("an answer of 50 MB passes in a few MB, at the pace of its reader", async () => {
  const bed = closedAfterwards(await startBed());
  const params = { query: "many", start: String(start / 1000), end: String(end / 1000 - 1), step: "0.275" };
  const answer = await bed.evaluation.way(queryRequest(params), AbortSignal.timeout(60_000));
  globalThis.gc?.();
  const before = held();
  let bytes = 0;
  let most = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    most = Math.max(most, held() - before);
  }
  expect(bytes).toBeGreaterThan(50 * mebibyte);
  expect(most).toBeLessThan(40 * mebibyte);
});

test("info(), which works in one Prometheus only, is refused in so many words", async () => {
  const bed = closedAfterwards(
    await startBed({ evaluatorFlags: ["--enable-feature=promql-experimental-functions"] }),
  );
  await expect(bed.query({ query: "info(many)", time })).rejects.toMatchObject({
    code: "QUERY_NEEDS_ONE_SHARD",
  });
});

test("jobs that every shard scrapes are answered by the first shard alone", async () => {
  const series = (shard: number) => [
    { labels: { __name__: "both", job: "shared" }, samples: [[end, String(shard)] as const] },
    { labels: { __name__: "both", job: "own", shard: String(shard) }, samples: [[end, "1"] as const] },
  ];
  for (const [shard, { url }] of servers.entries()) await remoteWrite(url, series(shard));
  await remoteWrite(servers[1]?.url ?? "", [
    { labels: { __name__: "both", job: "shared", late: "1" }, samples: [[end, "1"]] },
  ]);
  const shared = closedAfterwards(await startBed({ onEveryShard: ["shared"] }));
  expect(await countBoth(shared)).toBe("103");
  // an equal series of two shards is never mixed, whatever the topology says
  const unsaid = closedAfterwards(await startBed());
  expect(await countBoth(unsaid)).toBe("104");
  expect(unsaid.evaluation.state().counts.duplicates).toBeGreaterThan(0);
});

/** How many series there are, and a hundred times a value of the one that both shards have. */
async function countBoth(bed: EvaluationBed): Promise<string | undefined> {
  const query = 'count(both) + 100 * sum(both{job="shared",late=""} + 1)';
  const { body } = await bed.query({ query, time });
  return /"(\d+)"\]/.exec(body)?.[1];
}

/** The large counts in an answer. */
function counts(text: string): (string | undefined)[] {
  return [...text.matchAll(/"(\d{5,})"\]/g)].map((found) => found[1]);
}

/** Bytes that this process holds. */
function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Also where the test fails. */
function closedAfterwards(bed: EvaluationBed): EvaluationBed {
  onTestFinished(() => bed[Symbol.asyncDispose]());
  return bed;
}
