import type https from "node:https";
import type { Check, CheckContext } from "../harness/check.ts";
import { type ApiAnswer, type Heard, ask, vector } from "../harness/http.ts";
import { askRead, readAll } from "../reads/raw-read.ts";
import { uncompressBlock } from "../../src/remote-read/snappy-block.ts";
import { hostileFederations, hostileRead, hostileReads } from "../tenancy/hostile-reads.ts";
import { certified, sameNamedCa, strangersWithCertificates } from "../tenancy/certificates.ts";
import { Workplace } from "../harness/workplace.ts";
import { type HostileCase, hostileCases, refusedPaths, unknownPaths } from "../tenancy/hostile-cases.ts";
import { type TwoWorlds, mark, password, startTwoWorlds, token } from "../tenancy/two-worlds.ts";

export const tenancy: Check = {
  name: "tenancy",
  claim:
    "a tenant sees nothing but what its matchers match, however it asks: what others have changes no byte of its answers",
  bothVersions: true,
  soakOnly: false,
  run,
};

const basic = (user: keyof typeof password) =>
  `Basic ${Buffer.from(`${user}:${password[user]}`).toString("base64")}`;
const bearer = `Bearer ${token}`;
const as = (authorization: string) => ({ headers: { authorization } });

async function run({ report, prometheus }: CheckContext): Promise<void> {
  await using place = new Workplace("tenancy");
  const worlds = await startTwoWorlds(place, prometheus);
  await strangers(report, worlds);
  await own(report, worlds);
  await escapes(report, worlds, !prometheus.startsWith("2."));
  await otherWays(report, worlds);
  await certificates(report, worlds);
  await refusals(report, worlds);
}

/** Whoever is known by a certificate is answered as if known by a password, and nobody else is. */
async function certificates(report: Reporting, { both, secured, end }: TwoWorlds): Promise<void> {
  const open: string[] = [];
  for (const [name, agent] of Object.entries(strangersWithCertificates))
    for (const path of ["/api/v1/query?query=up", "/metrics", "/"]) {
      // Node ends a connection by itself where a signature is not what the name of its CA promises
      const status = await ask(secured.url + path, { agent }).then(
        (heard) => heard.status,
        () => "cut",
      );
      if (status !== 401 && !(status === "cut" && name === sameNamedCa))
        open.push(`${name} ${path}: ${status}`);
    }
  report.claim(
    "strangers with certificates are told 401",
    open.length === 0,
    open.join("; ") || Object.keys(strangersWithCertificates).length,
  );
  const counted = async (agent: https.Agent) =>
    (await vector(secured.url, "requests_total", { agent })).length;
  const seenBy = [await counted(certified.shop), await counted(certified.admin)];
  report.claim("tenants are known by their certificates", seenBy.join() === "6,16", seenBy.join());
  const others: string[] = [];
  for (const one of hostileCases) {
    const byName = await hear(both.url, one, end);
    const byCertificate = await hear(secured.url, one, end, { agent: certified.shop });
    const isSame = byName.status === byCertificate.status && comparable(byName) === comparable(byCertificate);
    if (!isSame || byCertificate.body.includes(mark)) others.push(one.name);
  }
  report.claim(
    "hostile requests that a certificate answers otherwise than a password",
    others.length === 0,
    `${others.length} of ${hostileCases.length}: ${others.join("; ")}`,
  );
}

type Reporting = CheckContext["report"];

const encoded = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

async function strangers(report: Reporting, { both }: TwoWorlds): Promise<void> {
  const wrong: Record<string, string | undefined> = {
    "no credentials": undefined,
    "a wrong password": encoded("shop:open sesamf"),
    "an empty password": encoded("shop:"),
    "a password with more behind it": encoded(`shop:${password.shop}\u0000`),
    "another's password": encoded(`admin:${password.shop}`),
    "no such user": encoded(`bank:${password.shop}`),
    "no colon": encoded("shop"),
    "a wrong token": `Bearer ${token.toLowerCase()}`,
    "the hash as the token": "Bearer sha256$aaaa",
    "an unknown scheme": `Digest ${token}`,
    "a scheme alone": "Basic",
    "two schemes": `${basic("shop")}, ${bearer}`,
    "a long one": `Basic ${"A".repeat(8000)}`,
  };
  const open: string[] = [];
  for (const [name, authorization] of Object.entries(wrong))
    for (const path of ["/api/v1/query?query=up", "/metrics", "/", "/api/v1/nothing"]) {
      const heard = await ask(`${both.url}${path}`, authorization === undefined ? {} : as(authorization));
      if (heard.status !== 401 || !String(heard.headers["www-authenticate"]).startsWith("Basic"))
        open.push(`${name} ${path}: ${heard.status}`);
    }
  report.claim("strangers are told 401", open.length === 0, open.join("; ") || Object.keys(wrong).length);
  const health = await Promise.all(
    ["/-/healthy", "/-/ready"].map(async (path) => await ask(both.url + path)),
  );
  report.claim(
    "health needs no credentials",
    health.every(({ status }) => status === 200),
  );
}

/** What a tenant may see it does see. */
async function own(report: Reporting, { both, end }: TwoWorlds): Promise<void> {
  const shop = await vector(both.url, "requests_total", { ...as(basic("shop")) });
  report.claim("a tenant sees its own series", shop.length === 6, shop.length);
  const counts = [];
  for (const query of ["count(up)", 'count(up{ns="shop"})', "count(up @ end())", `count(up @ ${end})`]) {
    const [one] = await vector(both.url, query, as(basic("shop")));
    counts.push(one?.value[1]);
  }
  report.claim("in every way of a query", counts.join() === "2,2,2,2", counts.join());
  const all = await vector(both.url, "requests_total", as(basic("admin")));
  report.claim("a tenant that sees everything does", all.length === 16, all.length);
  const token = await vector(both.url, "requests_total", as(bearer));
  report.claim("a token is as good as a password", token.length === 6, token.length);
  const place = await hear(both.url, {
    name: "",
    path: "query",
    search: [["query", "1 +\n rate(requests_total)"]],
  });
  const { error = "" } = JSON.parse(place.body.toString()) as ApiAnswer;
  report.claim("errors name places of the user's own text", error.includes("2:7: parse error"), error);
  const info = await hear(both.url, { name: "", path: "query", search: [["query", "rate(up[5m])"]] });
  const { infos = [] } = JSON.parse(info.body.toString()) as ApiAnswer;
  report.claim(
    "so do annotations",
    infos.every((text) => text.endsWith("(1:6)")),
    infos.join(),
  );
  const metrics = await ask(`${both.url}/metrics`, as(basic("admin")));
  const said = metrics.body.toString();
  report.claim(
    "requests are counted by tenant",
    /tenant_requests_total\{(?=[^}]*tenant="shop")(?=[^}]*code="200")[^}]*\} [1-9]/.test(said) &&
      /unauthenticated_requests_total [1-9]/.test(said),
  );
}

async function escapes(report: Reporting, worlds: TwoWorlds, isThree: boolean): Promise<void> {
  const began = performance.now();
  const escaped = await seen(worlds, basic("shop"));
  report.claim(
    "hostile requests that saw something of others",
    escaped.length === 0,
    `${escaped.length} of ${hostileCases.length}: ${escaped.map(({ name }) => name).join("; ")}`,
  );
  // the same judge, of somebody whom nothing holds back
  const harmful = hostileCases.filter(
    ({ harmless, isOfThree }) => harmless !== true && (isThree || isOfThree !== true),
  );
  const unenforced = new Set(await seen(worlds, basic("admin")));
  const blind = harmful.filter((one) => !unenforced.has(one));
  report.claim(
    "canary: without enforcement they would have",
    blind.length === 0,
    `${harmful.length - blind.length} of ${harmful.length}: ${blind.map(({ name }) => name).join("; ")}`,
  );
  report.figure("seconds", ((performance.now() - began) / 1000).toFixed(1));
}

/** Remote reads and /federate: the same judge, and the same canary. */
async function otherWays(report: Reporting, worlds: TwoWorlds): Promise<void> {
  const times = { start: worlds.end - 3600, end: worlds.end };
  const asks: [string, (base: string, authorization: string) => Promise<Heard>][] = [
    ...hostileFederations.map((selectors): (typeof asks)[number] => [
      `/federate ${selectors.join(" ")}`,
      async (base, authorization) =>
        await ask(
          `${base}/federate?${selectors.map((text) => `match[]=${encodeURIComponent(text)}`).join("&")}`,
          as(authorization),
        ),
    ]),
    ...(["samples", "chunks"] as const).flatMap((form) =>
      hostileReads.map((matchers): (typeof asks)[number] => [
        `read of ${form} ${JSON.stringify(matchers)}`,
        async (base, authorization) =>
          await askRead(base, hostileRead(matchers, times), form, { authorization }),
      ]),
    ),
  ];
  const escapedAs = async (authorization: string) => {
    const found: string[] = [];
    for (const [name, asking] of asks) {
      const [there, here] = [
        await asking(worlds.both.url, authorization),
        await asking(worlds.shopAlone.url, authorization),
      ];
      const isSame = there.status === here.status && there.body.equals(here.body);
      if (!isSame || unpackedText(there).includes(mark)) found.push(name);
    }
    return found;
  };
  const escaped = await escapedAs(basic("shop"));
  report.claim(
    "hostile remote reads and federations that saw something of others",
    escaped.length === 0,
    `${escaped.length} of ${asks.length}: ${escaped.join("; ")}`,
  );
  const canary = await escapedAs(basic("admin"));
  report.claim(
    "canary: without enforcement they would have",
    canary.length >= asks.length - 2,
    `${canary.length} of ${asks.length}`,
  );
  const [own] = await readAll(worlds.both.url, hostileRead([[]], times), "samples", {
    authorization: basic("shop"),
  });
  report.claim("a tenant reads its own series", own?.length === 10, own?.length);
  const beyond = await askRead(
    worlds.both.url,
    hostileRead([[]], { ...times, start: worlds.end - 7200 }),
    "samples",
    { authorization: bearer },
  );
  report.claim(
    "maxRange of a remote read",
    beyond.status === 422 && beyond.body.includes("limit maxRange of tenant limited"),
    `${beyond.status} ${beyond.body.toString().trim()}`,
  );
}

/** Answers of samples are packed. */
function unpackedText({ headers, body }: Heard): string {
  return (headers["content-encoding"] === "snappy" ? uncompressBlock(body) : body).toString("latin1");
}

/** The cases whose answers are not the same in both worlds, or name what is the bank's. */
async function seen({ both, shopAlone, end }: TwoWorlds, authorization: string): Promise<HostileCase[]> {
  const found: HostileCase[] = [];
  for (const one of hostileCases) {
    const there = await hear(both.url, one, end, authorization);
    const here = await hear(shopAlone.url, one, end, authorization);
    const isSame = there.status === here.status && comparable(there) === comparable(here);
    if (!isSame || there.body.includes(mark)) found.push(one);
  }
  return found;
}

/** By a header of authorization, or by a client certificate. */
type Who = string | { agent: https.Agent };

/** Without what is of the moment: how long it took, and the order of instant vectors, which have none. */
function comparable({ body }: Heard): string {
  const text = body.toString().replaceAll(/"seconds":[\d.]+/g, "");
  if (!text.includes('"resultType":"vector"')) return text;
  const { data, ...rest } = JSON.parse(text) as { data: { result?: unknown[] } };
  const elements = data.result?.map((element) => JSON.stringify(element)).toSorted();
  return JSON.stringify([elements, { ...data, result: undefined }, rest]);
}

async function hear(base: string, one: HostileCase, end = 0, who: Who = basic("shop")): Promise<Heard> {
  const credentials = typeof who === "string" ? { authorization: who } : {};
  const timed = (text: string) => text.replaceAll("TIME", String(end)).replaceAll("BEGIN", String(end - 300));
  const pairs = (one.search ?? []).map(([name, value]): [string, string] => [name, timed(value)]);
  const search = new URLSearchParams(pairs).toString();
  // long ones do not fit into a URL
  const isLong = search.length > 8000;
  const url = `${base}/api/v1/${one.path}${search === "" || isLong ? "" : `?${search}`}`;
  const body = isLong ? search : one.body === undefined ? undefined : timed(one.body);
  const formType = isLong ? { "Content-Type": "application/x-www-form-urlencoded" } : {};
  return await ask(url, {
    ...(one.method !== undefined && { method: one.method }),
    ...(typeof who !== "string" && { agent: who.agent }),
    headers: { ...formType, ...one.headers, ...credentials },
    ...(body !== undefined && { body }),
  });
}

async function refusals(report: Reporting, { both, end }: TwoWorlds): Promise<void> {
  const letIn: string[] = [];
  for (const path of refusedPaths) {
    const heard = await ask(`${both.url}/api/v1/${path}?match[]=up&metric=up`, as(basic("shop")));
    if (heard.status !== 403) letIn.push(`${path}: ${heard.status}`);
  }
  const metrics = await ask(`${both.url}/metrics`, as(basic("shop")));
  if (metrics.status !== 403) letIn.push(`/metrics: ${metrics.status}`);
  report.claim("what can not be restricted is refused", letIn.length === 0, letIn.join("; "));
  const known: string[] = [];
  for (const path of unknownPaths) {
    const heard = await ask(both.url + path, as(basic("admin")));
    if (heard.status !== 404) known.push(`${path}: ${heard.status}`);
  }
  report.claim("there is nothing beside it", known.length === 0, known.join("; "));

  const range = (start: number, step: string, query = "up") =>
    `query_range?${new URLSearchParams({ query, start: String(start), end: String(end), step }).toString()}`;
  const limits: [string, string, RegExp][] = [
    ["maxPoints", range(end - 3000, "1"), /limit maxPoints of tenant limited: 3000 points/],
    ["maxRange", range(end - 7200, "600"), /limit maxRange of tenant limited: 7500 s/],
    ["maxRange by a range", `query?query=rate(up[2h])`, /limit maxRange/],
    ["maxRange by a subquery", `query?query=max_over_time(up[2h:1m])`, /limit maxRange/],
    ["maxRange by @", `query?query=up-up@1`, /limit maxRange/],
    ["maxRange by lookback", `query?query=up&lookback_delta=2h`, /limit maxRange/],
    ["maxRange by an offset", `query?query=up-up%20offset%202h`, /limit maxRange/],
    [
      "maxResponseBytes",
      range(end - 500, "5", "requests_total"),
      /limit maxResponseBytes of tenant limited: the answer has more than 4000 bytes/,
    ],
  ];
  for (const [name, path, says] of limits) {
    const heard = await ask(`${both.url}/api/v1/${path}`, as(bearer));
    const { error = "" } = JSON.parse(heard.body.toString()) as ApiAnswer;
    report.claim(name, heard.status === 422 && says.test(error), `${heard.status} ${error}`);
  }
  const crowd = await Promise.all(
    Array.from({ length: 40 }, async () => await ask(`${both.url}/api/v1/query?query=sum(up)`, as(bearer))),
  );
  const busy = crowd.filter(({ status }) => status === 429);
  report.claim(
    "more at once than a tenant may have is 429, with Retry-After",
    busy.length > 0 && busy.every(({ headers }) => headers["retry-after"] === "1"),
    `${busy.length} of ${crowd.length}`,
  );
  const others = await vector(both.url, "count(up)", as(basic("shop")));
  report.claim("others are not held up by it", others.length === 1);
}
