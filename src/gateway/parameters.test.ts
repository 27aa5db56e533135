import { afterAll, beforeAll, expect, test } from "vitest";
import { type GatewayAlone, startGateway } from "../../e2e/harness/gateway-alone.ts";
import { type Heard, ask, post } from "../../e2e/harness/http.ts";
import { type StoredFleet, startStoredFleet } from "../../e2e/harness/stored-fleet.ts";
import { Workplace } from "../../e2e/harness/workplace.ts";

let workplace: Workplace;
let fleet: StoredFleet;
let gateway: GatewayAlone;

beforeAll(async () => {
  workplace = new Workplace("parameters");
  fleet = await startStoredFleet(workplace, { shards: 2, replicas: 1, version: "3.16" });
  gateway = await startGateway(workplace.folder, fleet.urls, "3.16");
});

afterAll(async () => {
  await fleet.close();
  await workplace[Symbol.asyncDispose]();
});

const direct = () => fleet.servers[0]?.[0]?.url ?? "";
const said = ({ status, body }: Heard, asked = ""): unknown => ({
  asked,
  status,
  answer: JSON.parse(body.toString()) as unknown,
});
const many = (count: number) => Array.from({ length: count }, (_, at) => `p${at}=`).join("&");
const range = { query: "m", start: "0", end: "100", step: "10" };

const times = ["teatime", "2026-02-30T00:00:00Z", "2026-01-01", "1e400", "\u0000", 'a"\\\u200bé', "12:00"];
const spans = ["x", "1d1h1d", "-1h", "1e300", "NaN", "Inf", "5 m", "1.5h", "", "18446744073709551616ms"];
const wrongInstant: Record<string, string>[] = [
  ...times.map((time) => ({ query: "m", time })),
  ...[...spans.filter((span) => span !== ""), "0", "-5", "-90.5", "-1e-9", "-0.0015", "-3700"].map(
    (timeout) => ({
      query: "m",
      timeout,
    }),
  ),
  ...spans.filter((span) => span !== "").map((lookback_delta) => ({ query: "m", lookback_delta })),
  ...["-1", "-01", "x", "1.5", "99999999999999999999", " 1", "1_0"].map((limit) => ({ query: "m", limit })),
  { query: "" },
  {},
  { query: "sum((m)" },
  { query: 'm{a="b' },
  { query: "m", limit: "x", time: "x", timeout: "x", lookback_delta: "x" },
  { query: "m", time: "x", timeout: "x", lookback_delta: "x" },
  { query: "m", timeout: "x", lookback_delta: "x" },
  { query: "sum((", lookback_delta: "x" },
];
const wrongRange: Record<string, string>[] = [
  ...[...times, ""].flatMap((time) => [
    { ...range, start: time },
    { ...range, end: time },
  ]),
  ...[...spans, "0", "-5", "1e-10", "0s"].map((step) => ({ ...range, step })),
  ...spans.filter((span) => span !== "").map((timeout) => ({ ...range, timeout })),
  { ...range, timeout: "0" },
  { ...range, lookback_delta: "x" },
  { ...range, limit: "-2" },
  { ...range, start: "200" },
  { ...range, end: "11001", step: "1" },
  { ...range, end: "200", step: "0", start: "300" },
  { ...range, query: "m[5m]" },
  { query: "m" },
];

test.each([
  ["query", wrongInstant],
  ["query_range", wrongRange],
] as const)(
  "a wrong parameter of %s is refused in Prometheus' own words, by GET and by POST",
  async (api, cases) => {
    for (const params of cases) {
      const path = `/api/v1/${api}`;
      const query = new URLSearchParams(params).toString();
      const wanted = said(await ask(`${direct()}${path}?${query}`), query);
      expect(said(await ask(`${gateway.url}${path}?${query}`), query)).toEqual(wanted);
      expect(said(await post(`${gateway.url}${path}`, params), query)).toEqual(wanted);
      expect(wanted).toMatchObject({ status: 400 });
    }
  },
);

test("what Prometheus takes, strange as it may look, is taken, and gives the same", async () => {
  const cases: [string, Record<string, string>][] = [
    ["query", { query: "vector(1)", time: "0x1p4" }],
    ["query", { query: "vector(1)", time: "1_000.5" }],
    ["query", { query: "vector(1)", time: "2026-01-01T5:04:05,25Z" }],
    ["query", { query: "vector(1)", time: "2026-01-01T05:04:05.123456789+23:59" }],
    ["query", { query: "vector(1)", time: "-12.5", limit: "+0" }],
    ["query", { query: "vector(1)", time: "7", timeout: "0.0105", lookback_delta: "0x1p3" }],
    ["query_range", { ...range, query: "vector(1)", end: "11000.9", step: "1" }],
    [
      "query_range",
      { ...range, query: "vector(1)", start: "1e3", end: "1.1e3", step: "1m1s", timeout: "1h30m" },
    ],
  ];
  for (const [api, params] of cases) {
    const query = new URLSearchParams(params).toString();
    const wanted = said(await ask(`${direct()}/api/v1/${api}?${query}`), query);
    expect(wanted).toMatchObject({ status: 200 });
    expect(said(await ask(`${gateway.url}/api/v1/${api}?${query}`), query)).toEqual(wanted);
  }
});

test.each([
  "labels?limit=-1",
  "labels?limit=x",
  "labels?start=x",
  "labels?end=x&match[]=%7B",
  "label/host/values?limit=99999999999999999999",
  "label/host/values?end=2026-13-01T00:00:00Z",
  "series",
  "series?match[]=m&limit=-1",
  "series?match[]=m&start=x",
  "metadata?limit=x",
  "metadata?limit=1.5",
  "targets/metadata?limit=x",
  "targets/metadata?match_target=%7B",
  "query_exemplars?query=m&start=x",
  "query_exemplars?query=m&start=5&end=1",
  "rules?type=x",
  "rules?exclude_alerts=x",
  "format_query?query=sum((",
  "parse_query?query=sum((",
])("a wrong %s is refused in Prometheus' own words", async (path) => {
  const wanted = said(await ask(`${direct()}/api/v1/${path}`));
  expect(wanted).toMatchObject({ status: 400 });
  expect(said(await ask(`${gateway.url}/api/v1/${path}`))).toEqual(wanted);
});

test.each(["metadata?limit=-1", "targets/metadata?limit=-1", "rules?limit=-1", "targets?limit=x&start=x"])(
  "%s is nothing wrong, as at Prometheus",
  async (path) => {
    const wanted = said(await ask(`${direct()}/api/v1/${path}`));
    expect(wanted).toMatchObject({ status: 200 });
    expect(said(await ask(`${gateway.url}/api/v1/${path}`))).toEqual(wanted);
  },
);

test("parameters of a first and last time, as clients send them where they have none, are taken", async () => {
  for (const api of ["labels", "label/host/values"]) {
    const all = "start=-9223309901257974&end=9223309901257974";
    const heard = await ask(`${gateway.url}/api/v1/${api}?${all}`);
    expect(heard.status).toBe(200);
    expect(JSON.parse(heard.body.toString())).not.toHaveProperty("data", []);
  }
});

test("a parameter of the form comes before one of the URL, and the first of several counts", async () => {
  const at = async (base: string) =>
    said(await post(`${base}/api/v1/query?query=vector(2)&time=9`, { query: "vector(1)" }));
  expect(await at(gateway.url)).toEqual(await at(direct()));
  const twice = "/api/v1/query?query=vector(3)&query=vector(4)&time=5&time=6";
  expect(said(await ask(gateway.url + twice))).toEqual(said(await ask(direct() + twice)));
});

test("more parameters than Prometheus reads, in all, are refused, and not left out without a word", async () => {
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const refused = { status: 400, answer: { errorType: "bad_data" } };
  const [body, search] = [`query=1&${many(9000)}`, many(2000)];
  const send = async (url: string, text: string) => await ask(url, { headers: form, body: text });
  expect(said(await send(`${gateway.url}/api/v1/query?${search}`, body))).toMatchObject(refused);
  expect(said(await send(`${gateway.url}/api/v1/query`, `query=1&${many(9990)}`))).toMatchObject(refused);
  expect((await send(`${gateway.url}/api/v1/query`, `query=1&${many(9989)}`)).status).toBe(200);
});
