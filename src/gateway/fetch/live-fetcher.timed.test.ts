import { gunzipSync, inflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { closedPort } from "../../../e2e/harness/closed-port.ts";
import { OneShard } from "../../../e2e/harness/one-shard.ts";
import { type Misbehaviour, startFront } from "../../../e2e/harness/misbehaving-front.ts";
import { type PrometheusServer, startPrometheus } from "../../../e2e/harness/prometheus-server.ts";
import { until } from "../../../e2e/harness/until.ts";
import { Workplace } from "../../../e2e/harness/workplace.ts";
import { ShardLost, type ShardRequest, type ShardResponse } from "./shard-fetcher.ts";

let workplace: Workplace;
let server: PrometheusServer;

beforeAll(async () => {
  workplace = new Workplace("live-fetcher");
  server = await startPrometheus({ folder: workplace.path("server"), version: "3.16", config: "{}\n" });
});

afterAll(async () => await workplace[Symbol.asyncDispose]());

/** One shard of these servers, in this order, whose external labels are known. */
async function fetching(...urls: string[]): Promise<OneShard> {
  const shard = await OneShard.start(urls.map((url) => ({ url, externalLabels: {} })));
  onTestFinished(async () => await shard.close());
  return shard;
}

async function front(misbehave?: Misbehaviour) {
  const one = await startFront(server.url);
  onTestFinished(async () => await one.close());
  one.misbehave = misbehave;
  return one;
}

const query = (text: string, headers: Record<string, string> = {}): ShardRequest => ({
  method: "GET",
  path: `/api/v1/query?${text}`,
  headers,
});
const onlyC: ShardRequest["choose"] = (candidates) => candidates.filter(({ name }) => name === "c");
/** A second of steps, and the time is looked at in each. */
const slowQuery = "count_over_time((vector(1) + vector(1))[1h:1ms])";
const patient = () => AbortSignal.timeout(10_000);

async function whole({ body }: ShardResponse): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test.each<[string, Misbehaviour, string]>([
  [
    "an error of its own",
    (_, response) => response.writeHead(500).end("out of order"),
    "it answered 500: out of order",
  ],
  [
    "a redirection",
    (_, response) => response.writeHead(302, { location: "/login" }).end(),
    "it redirects to /login",
  ],
  [
    "an answer that the end of the connection ends",
    (_, response) => {
      response.removeHeader("transfer-encoding");
      response.useChunkedEncodingByDefault = false;
      response.writeHead(200).end('{"status":"success"}');
    },
    "its answer does not say where it ends",
  ],
  ["a connection that breaks", (_, response) => response.destroy(), "other side closed"],
])("after %s the next replica answers, and the first is put aside", async (_, misbehave, reason) => {
  const bad = await front(misbehave);
  const shard = await fetching(bad.url, server.url);
  expect(shard.names).toEqual(["a", "b"]);
  const answer = await shard.fetcher.fetch("0", query("query=vector(1)"), patient());
  expect([answer.replica.name, answer.status]).toEqual(["b", 200]);
  expect((await whole(answer)).toString()).toContain('"success"');
  expect(shard.names).toEqual(["b", "a"]);
  expect(shard.replica("a").counts).toMatchObject({ failed: 1, succeeded: 0 });
  expect(shard.replica("b").counts).toMatchObject({ failed: 0, succeeded: 1 });
  expect(shard.replica("a").condition).toMatchObject({ state: "ill", reason });
  bad.misbehave = undefined;
  await until("it is well again", 5000, () => shard.names[0] === "a");
});

test.each([
  ["gzip", gunzipSync],
  ["deflate", inflateSync],
  [undefined, (body: Buffer) => body],
] as const)(
  "that a query takes too long is Prometheus' word on it, also in %s: nobody else is asked",
  async (encoding, decode) => {
    const other = await front();
    const shard = await fetching(server.url, other.url);
    const text = `query=${encodeURIComponent(slowQuery)}&timeout=0.05`;
    const headers = { "accept-encoding": encoding ?? "identity" };
    const asked = { ...query(text, headers), mayHedge: () => false };
    const answer = await shard.fetcher.fetch("0", asked, patient());
    expect([answer.replica.name, answer.status]).toEqual(["a", 503]);
    const body = await whole(answer);
    expect(decode(body).toString()).toContain('"errorType":"timeout"');
    expect(answer.headers["content-encoding"]).toBe(encoding);
    expect(shard.replica("a").condition.state).toBe("well");
    expect([shard.replica("a").counts.succeeded, other.queries]).toEqual([1, 0]);
  },
);

test("what Prometheus refuses is an answer", async () => {
  const other = await front();
  const shard = await fetching(server.url, other.url);
  const answer = await shard.fetcher.fetch("0", query("query=sum(("), patient());
  expect(answer.status).toBe(400);
  await whole(answer);
  expect([shard.replica("a").counts.succeeded, other.queries]).toEqual([1, 0]);
});

test("a shard whose servers all refuse connections is lost at once, each named", async () => {
  const closed = await Promise.all([closedPort(), closedPort()]);
  const shard = await fetching(...closed.map((port) => `http://127.0.0.1:${port}`));
  const began = performance.now();
  const error: unknown = await shard.fetcher
    .fetch("0", query("query=1"), patient())
    .catch((why: unknown) => why);
  expect(performance.now() - began).toBeLessThan(1000);
  expect(error).toBeInstanceOf(ShardLost);
  expect((error as ShardLost).message).toBe(
    `shard 0 is unavailable (fleet-0-a: connect ECONNREFUSED 127.0.0.1:${closed[0]}; fleet-0-b: connect ECONNREFUSED 127.0.0.1:${closed[1]})`,
  );
});

test("an answer that breaks off errors, and puts the replica aside", async () => {
  const bad = await front((_, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"status":"success",', () => response.destroy());
  });
  const shard = await fetching(bad.url, server.url);
  const answer = await shard.fetcher.fetch("0", query("query=1"), patient());
  await expect(whole(answer)).rejects.toThrow("other side closed");
  expect(shard.names).toEqual(["b", "a"]);
  expect(shard.replica("a").counts).toEqual({ failed: 1, succeeded: 0, abandoned: 0 });
});

test("who gives up ends the work at the server, and says nothing against it", async () => {
  const ended = Promise.withResolvers<void>();
  const slow = await front((_, response) => void response.once("close", () => ended.resolve()));
  const shard = await fetching(slow.url, server.url);
  const client = new AbortController();
  const asked = shard.fetcher.fetch("0", query("query=1"), client.signal);
  await until("the query is at the server", 5000, () => slow.queries === 1);
  client.abort(new Error("went away"));
  await expect(asked).rejects.toThrow("went away");
  await ended.promise;
  expect(shard.names).toEqual(["a", "b"]);
  expect(shard.replica("a").counts).toEqual({ failed: 0, succeeded: 0, abandoned: 1 });
});

test("who leaves in the middle of an answer says nothing against the server, who finds it broken does", async () => {
  const endless = await front((_, response) => {
    response.writeHead(200);
    response.write("{");
  });
  const shard = await fetching(endless.url, server.url);
  const left = await shard.fetcher.fetch("0", query("query=1"), patient());
  left.body.on("error", () => {}).destroy();
  await until("the use has ended", 5000, () => shard.replica("a").counts.abandoned === 1);
  expect(shard.names).toEqual(["a", "b"]);
  const broken = await shard.fetcher.fetch("0", query("query=1"), patient());
  broken.body.on("error", () => {}).destroy(new Error("a checksum is wrong"));
  await until("the use has ended", 5000, () => shard.replica("a").counts.failed === 1);
  expect(shard.names).toEqual(["b", "a"]);
});

test("a kept connection that the server has closed meanwhile is no error, even of the only replica", async () => {
  const served = new WeakSet<object>();
  const closing = await front((request, response) => {
    if (served.has(request.socket)) request.socket.destroy();
    else response.writeHead(200).end("{}");
    served.add(request.socket);
  });
  const shard = await fetching(closing.url);
  for (let times = 0; times < 5; times++) {
    const answer = await shard.fetcher.fetch("0", query("query=1"), patient());
    expect((await whole(answer)).toString()).toBe("{}");
  }
});

test("the one that asks may choose and order", async () => {
  const shard = await fetching(server.url, (await front()).url, (await front()).url);
  const answer = await shard.fetcher.fetch("0", { ...query("query=1"), choose: onlyC }, patient());
  expect(answer.replica.name).toBe("c");
  await whole(answer);
  const nobody = shard.fetcher.fetch("0", { ...query("query=1"), choose: () => [] }, patient());
  await expect(nobody).rejects.toBeInstanceOf(ShardLost);
});
