import { mkdirSync } from "node:fs";
import { type FurtherKeys, type GatewayAlone, startGateway } from "../harness/gateway-alone.ts";
import { startPrometheus } from "../harness/prometheus-server.ts";
import { type WrittenSeries, remoteWrite } from "../harness/remote-write.ts";
import type { Workplace } from "../harness/workplace.ts";
import { certifiedTenants, writeCertificates } from "./certificates.ts";
import { hashPassword, hashToken } from "../../src/gateway/tenancy/password-hash.ts";

/** s between two samples, and how many there are. */
const written = { interval: 15, samples: 40 };

/** What is in every label of the bank's series, and stands in no question. */
export const mark = "vault7";

export const password = { shop: "open sesame", admin: "the whole of it" };
export const token = "kq3v9XbU1m0ZrT6yWc8aHd2e";

/** The same gateway in front of the shop's and the bank's series, and in front of the shop's alone: a tenant that is the shop can not tell which. */
export interface TwoWorlds {
  both: GatewayAlone;
  shopAlone: GatewayAlone;
  /** A gateway in front of both, at which the shop and the bank are known by certificates. */
  secured: GatewayAlone;
  /** s since 1970 of the last sample. */
  end: number;
}

export async function startTwoWorlds(place: Workplace, version: string): Promise<TwoWorlds> {
  const end = Math.floor(Date.now() / 1000) - 20;
  const tenants = await declaredTenants();
  const shardsOf = async (name: string, hasBank: boolean) =>
    await Promise.all(
      [0, 1].map(async (shard) => {
        const { url } = await startPrometheus({
          folder: place.path(`${name}-${shard}`),
          version,
          config: "global: {}\n",
          flags: ["--web.enable-remote-write-receiver"],
        });
        const bank = hasBank ? bankSeries(shard, end) : [];
        await remoteWrite(url, [...shopSeries(shard, end), ...bank]);
        return [url];
      }),
    );
  const gateway = async (name: string, shards: string[][], further: FurtherKeys) => {
    mkdirSync(place.path(name));
    return await startGateway(place.path(name), shards, version, further);
  };
  const open = { auth: {}, tenants };
  const both = async () => {
    const shards = await shardsOf("both", true);
    const secured = { tls: writeCertificates(place.path("both-0")), tenants: certifiedTenants };
    return await Promise.all([gateway("both", shards, open), gateway("secured", shards, secured)]);
  };
  const alone = async () => await gateway("shop-alone", await shardsOf("shop-alone", false), open);
  const [[plain, secured], shopAlone] = await Promise.all([both(), alone()]);
  return { both: plain, shopAlone, secured, end };
}

const ways = async (user: "shop" | "admin") => [{ user, passwordHash: await hashPassword(password[user]) }];

async function declaredTenants(): Promise<Record<string, unknown>[]> {
  return [
    { name: "shop", basic: await ways("shop"), matchers: ['ns="shop"'] },
    { name: "admin", basic: await ways("admin"), everything: true, metrics: true },
    {
      name: "limited",
      bearer: [{ tokenHash: hashToken(token) }],
      matchers: ['ns=~"shop|none"', 'pod!~"not-.*"'],
      limits: {
        concurrency: 1,
        queue: 1,
        queueTimeout: "1s",
        maxRange: "1h",
        maxPoints: 100,
        maxResponseBytes: 4000,
      },
    },
  ];
}

function series(labels: Record<string, string>, end: number, value: (at: number) => number): WrittenSeries {
  const start = end - (written.samples - 1) * written.interval;
  const samples = Array.from(
    { length: written.samples },
    (_, at) => [(start + at * written.interval) * 1000, String(value(at))] as const,
  );
  return { labels, samples };
}

function shopSeries(shard: number, end: number): WrittenSeries[] {
  const own = { ns: "shop", instance: `s${shard}:9090`, job: "pods" };
  return [
    ...[0, 1, 2].map((pod) =>
      series({ __name__: "requests_total", pod: `p${pod}`, ...own }, end, (at) => at * (pod + 1)),
    ),
    series({ __name__: "up", ...own }, end, () => 1),
    series({ __name__: "target_info", version: "1", ...own }, end, () => 1),
  ];
}

/** More of the same metrics, on the same instances, and what nobody else has. */
function bankSeries(shard: number, end: number): WrittenSeries[] {
  const own = { ns: "bank", instance: `s${shard}:9090`, job: "pods", account: `${mark}-${shard}` };
  return [
    ...[0, 1, 2, 3].map((pod) =>
      series({ __name__: "requests_total", pod: `p${pod}`, ...own }, end, (at) => at * 1009 + pod),
    ),
    series({ __name__: "up", ...own }, end, () => 0),
    series({ __name__: "target_info", ...own, version: mark }, end, () => 1),
    series({ __name__: `gold_${mark}`, ...own }, end, () => 31_337),
    series({ __name__: "gold", ...own }, end, () => 31_337),
    // of nobody's namespace
    series(
      { __name__: "requests_total", pod: mark, instance: own.instance, job: "pods" },
      end,
      (at) => at * 77,
    ),
  ];
}
