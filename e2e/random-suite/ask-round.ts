import { waysTaken } from "../harness/gateway-metrics.ts";
import type { GatewayAlone } from "../harness/gateway-alone.ts";
import type { Report } from "../harness/report.ts";
import { askQuery } from "../histories/ask-query.ts";
import { type HistoryQuery, promql, queryParams } from "../histories/query.ts";
import { smallestQuery } from "../histories/smallest-query.ts";
import { beginning } from "./fleet-series.ts";
import { Judge, type Verdict } from "./judge.ts";
import type { SuiteBed } from "./suite-bed.ts";
import { SuiteTally } from "./suite-tally.ts";

/** How many queries are asked at once: two cores do all the servers. */
const atOnce = 6;
/** One in so many is asked again, to be answered to the bit. */
const exactEvery = 10;
/** Queries that are asked of a gateway which lacks a shard. */
const canaries = 200;
/** Differences that are printed. */
const mostShown = 10;

/** A fleet and what it is asked: all of it comes from the seed. */
export interface Round {
  seed: number;
  queries: readonly HistoryQuery[];
}

/** What came of all rounds. */
export class Findings {
  /** Of gateways whose topology tells little, or all. */
  readonly plain = new SuiteTally();
  readonly exact = new SuiteTally();
  /** Of a gateway that lacks a shard. */
  readonly blind = new SuiteTally();
  /** By way; a query for which one was given up counts for both. */
  readonly ways = new Map<string, number>();
  /** Queries with exact=1 of which sums were put together. */
  combinedExactly = 0;

  /** @param taken by way, of one gateway */
  addWays(taken: Readonly<Record<string, number>>): void {
    for (const [way, count] of Object.entries(taken)) this.ways.set(way, (this.ways.get(way) ?? 0) + count);
  }
}

interface Wrong {
  query: HistoryQuery;
  difference: string;
  gateway: GatewayAlone;
}

/** Asks all queries of a round, each of one of two gateways, and says what differs. @param version of the servers */
export async function askRound(
  bed: SuiteBed,
  { seed, queries }: Round,
  version: string,
  report: Report,
  findings: Findings,
): Promise<void> {
  const judge = new Judge(bed.references, version);
  const [reference = ""] = bed.references;
  const ask = async (gateway: GatewayAlone, query: HistoryQuery, isExact = false): Promise<Verdict> => {
    const params = queryParams(query, beginning);
    const want = await askQuery(reference, params);
    const got = await askQuery(gateway.url, isExact ? { ...params, exact: "1" } : params);
    return await judge.compare(want, got, params, isExact);
  };
  const gateways = [await bed.gateway("little"), await bed.gateway("all")] as const;
  const combined = async () => {
    const taken = await Promise.all(gateways.map(({ url }) => waysTaken(url)));
    return taken.reduce((sum, ways) => sum + (ways["combine"] ?? 0) + (ways["cut"] ?? 0), 0);
  };

  const wrong: Wrong[] = [];
  // one that is repeated alone may have failed at either
  const asked = queries.flatMap((query, at) =>
    queries.length === 1
      ? gateways.map((gateway) => ({ query, gateway }))
      : [{ query, gateway: gateways[at % 2 === 0 ? 0 : 1] }],
  );
  await ofAll(asked, async ({ query, gateway }) => {
    const verdict = await ask(gateway, query);
    findings.plain.add(verdict);
    const difference = differenceOf(verdict);
    if (difference !== undefined) wrong.push({ query, difference, gateway });
  });
  for (const { url } of gateways) findings.addWays(await waysTaken(url));

  const before = await combined();
  const again = asked.filter((_, at) => Math.floor(at / 2) % exactEvery === 0);
  await ofAll(again, async ({ query, gateway }) => {
    const verdict = await ask(gateway, query, true);
    findings.exact.add(verdict);
    const difference = differenceOf(verdict);
    if (difference !== undefined)
      report.figure("differs with exact=1", `${textOf(query)}: ${difference.slice(0, 500)}`);
  });
  findings.combinedExactly += (await combined()) - before;

  for (const { query, difference } of wrong.slice(0, mostShown))
    report.figure("differs", `${textOf(query)}: ${difference.slice(0, 500)}`);
  const [first] = wrong;
  if (first) {
    const smallest = await smallestQuery(first, async (query) =>
      differenceOf(await ask(first.gateway, query)),
    );
    report.figure("smallest", `${textOf(smallest.query)}: ${smallest.difference.slice(0, 500)}`);
    report.figure("PROMFLEET_REPLAY", JSON.stringify({ seed, query: smallest.query }));
  }

  if (queries.length < canaries) return;
  const blind = await bed.gateway("little", 2);
  await ofAll(queries.slice(0, canaries), async (query) => findings.blind.add(await ask(blind, query)));
}

const differenceOf = ({ difference, annotations }: Verdict): string | undefined => difference ?? annotations;

/** Some at once, in their order. */
async function ofAll<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values();
  const worker = async () => {
    for (const one of rest) await each(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** With its times, for a person. */
function textOf(query: HistoryQuery): string {
  const { start, end, step } = query;
  const when = step === undefined ? `at ${end}` : `from ${start} to ${end} by ${step}`;
  return `${JSON.stringify(promql(query.expression, beginning))} ${when} s`;
}
