import { passOn } from "../pass/pass-on.ts";
import { ShardLost, type ShardRequest } from "../fetch/shard-fetcher.ts";
import type { Replica } from "../router/router.ts";
import type { Answer } from "../planner/query-request.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import { always } from "../coverage/shard-sources.ts";
import { parseTime } from "../protocol/prometheus-time.ts";
import { type Combiner, type Params, firstParam } from "./combiner.ts";
import { alertmanagersCombiner } from "./alertmanagers.ts";
import { alertsCombiner } from "./alerts.ts";
import { exemplarsCombiner } from "./exemplars.ts";
import { metadataCombiner } from "./metadata.ts";
import { rulesCombiner } from "./rules.ts";
import { scrapePoolsCombiner } from "./scrape-pools.ts";
import { targetMetadataCombiner } from "./target-metadata.ts";
import { targetsCombiner } from "./targets.ts";
import { seriesCombiner } from "./series.ts";
import { type ShardAccess, askShards } from "./shard-answers.ts";
import { stringListCombiner } from "./string-lists.ts";

/** A request of an API that is answered by putting together what all shards say. */
export interface ApiRequest {
  /** What comes after "/api/v1/": "labels", "label/mode/values", "targets/metadata"… */
  api: string;
  /** Decoded, in order, checked as far as promfleet can; the rest is the shards' own matter. */
  params: Params;
}

export type CombineContext = ShardAccess;

type Way = (
  context: CombineContext,
  request: ApiRequest,
  signal: AbortSignal,
  lost: ShardLost[] | undefined,
) => Promise<Answer>;

const ways: ReadonlyMap<string, Way> = new Map([
  ["labels", wayOf(stringListCombiner("POST"))],
  ["label/*/values", wayOf(stringListCombiner("GET"))],
  ["series", wayOf(seriesCombiner)],
  ["metadata", wayOf(metadataCombiner)],
  ["query_exemplars", wayOf(exemplarsCombiner)],
  ["targets", wayOf(targetsCombiner)],
  ["targets/metadata", wayOf(targetMetadataCombiner)],
  ["scrape_pools", wayOf(scrapePoolsCombiner)],
  ["rules", wayOf(rulesCombiner)],
  ["alerts", wayOf(alertsCombiner)],
  ["alertmanagers", wayOf(alertmanagersCombiner)],
]);

/** Whether `combine` knows the API. */
export function isCombined(api: string): boolean {
  return ways.has(kindOf(api));
}

/**
 * The answer of the fleet, in the shape that one Prometheus would give it. What a shard refuses is refused for all.
 * @param lost takes the shards that are missing in the answer
 * @throws ShardLost where one is missing and `lost` is left out; PromfleetError; the signal's reason
 */
export async function combine(
  context: CombineContext,
  request: ApiRequest,
  signal: AbortSignal,
  lost?: ShardLost[],
): Promise<Answer> {
  const way = ways.get(kindOf(request.api));
  if (!way) throw new Error(`${request.api} is no API that is combined`);
  return await way(context, request, signal, lost);
}

/** @returns undefined where those that have all of it are gone, and others are left or the answer may lack it */
async function passWhole(
  { router, fetcher }: CombineContext,
  shard: string,
  replicas: readonly Replica[],
  request: ShardRequest,
  signal: AbortSignal,
  mayLack: boolean,
): Promise<Answer | undefined> {
  try {
    return await passOn(fetcher, shard, { ...request, choose: () => replicas }, signal);
  } catch (error) {
    if (error instanceof ShardLost && (mayLack || router.candidates(shard).length > replicas.length))
      return undefined;
    throw error;
  }
}

/** The times that are asked about, ms; all of them where none are named. */
function rangeOf(params: Params): TimeRange {
  const from = parseTime(firstParam(params, "start"));
  const to = parseTime(firstParam(params, "end"));
  return { from: from ?? always.from, to: to ?? always.to };
}

function kindOf(api: string): string {
  return /^label\/[^/]+\/values$/.test(api) ? "label/*/values" : api;
}

function wayOf<T>(combiner: Combiner<T>): Way {
  return async (context, { api, params }, signal, lost) => {
    const { router, sources } = context;
    const asked = combiner.ask?.(params) ?? params;
    const request = shardRequest(combiner.method, api, asked);
    const [only, ...others] = router.shardIds();
    const range = combiner.ofTimes ? rangeOf(params) : undefined;
    if (only !== undefined && others.length === 0 && !combiner.evenOfOne) {
      const whole = range ? sources.whole(only, range) : { replicas: router.candidates(only), isWhole: true };
      const passed =
        whole.isWhole &&
        (await passWhole(context, only, whole.replicas, request, signal, lost !== undefined));
      if (passed) return passed;
    }
    const said = await askShards(
      context,
      request,
      range,
      (body, from) => combiner.parse(body, from),
      signal,
      lost,
    );
    if ("instead" in said) return said.instead;
    return combiner.merge(said.parts, params, new Set(router.topology.onEveryShard));
  };
}

function shardRequest(method: "GET" | "POST", api: string, params: Params) {
  const form = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  // what is percent-encoded stays so
  const path = `/api/v1/${api.replaceAll(/[^\w\-.~!$&'()*+,;=:@%/]+/gu, encodeURIComponent)}`;
  if (method === "GET") return { method, path: form === "" ? path : `${path}?${form}`, headers: {} };
  return { method, path, headers: { "content-type": "application/x-www-form-urlencoded" }, body: form };
}
