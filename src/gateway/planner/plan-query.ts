import { type CutQuery, cutQuery } from "../cut/cut-query.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import type { WholeShard } from "../distribute/shard-results.ts";
import type { Replica } from "../router/router.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import type { QueryRequest } from "./query-request.ts";

/** How a query is answered, and in a few words why. */
export type QueryPlan =
  /** By one of these replicas. */
  | { way: "pass"; shard: string; replicas: readonly Replica[]; why: string }
  /** From what each shard answers: side by side, or put together. */
  | { way: "concat" | "combine"; shards: readonly WholeShard[]; distribution: Distribution; why: string }
  /** Parts of it from what each shard answers, the rest by the evaluator over these. */
  | { way: "cut"; shards: readonly WholeShard[]; cut: CutQuery; why: string }
  | { way: "evaluate"; why: string };

/** The fleet, as far as it decides about ways. */
export interface FleetView {
  shards: readonly string[];
  /** Jobs whose targets every shard scrapes. */
  onEveryShard: readonly string[];
  /** The replicas of a shard that have all that a query reads, or, where each lacks something, those that can be asked. */
  whole: (shard: string) => { replicas: readonly Replica[]; isWhole: boolean };
  /** Whether a target is on several shards in some time: it has moved from one to the other. */
  haveMoved: (range: TimeRange) => boolean;
}

/**
 * Picks the way of a query. What one server can answer is passed to it; what comes from the answers of all shards is put together. An
 * expression whose meaning over several shards is not certain is evaluated over the raw series of all of them, which is always right,
 * and so is one for which no replica has all samples.
 * @param times of the samples that it reads; undefined where that is not certain
 */
export function planQuery(
  request: Pick<QueryRequest, "query" | "expression" | "params" | "exact">,
  { shards, onEveryShard, whole, haveMoved }: FleetView,
  times: TimeRange | undefined,
): QueryPlan {
  const [only, ...more] = shards;
  if (only === undefined) return { way: "evaluate", why: "there are no shards" };
  if (more.length === 0) {
    const { replicas, isWhole } = whole(only);
    if (isWhole) return { way: "pass", shard: only, replicas, why: "there is one shard" };
    return { way: "evaluate", why: "each replica lacks something in that time" };
  }
  const { expression } = request;
  const objection = objectionTo(request, times);
  if (!expression || !times || objection !== undefined) return { way: "evaluate", why: objection ?? "" };
  const found = distributionOf(expression, onEveryShard);
  const cut =
    "whyNot" in found && !request.exact ? cutQuery(request.query, expression, onEveryShard) : undefined;
  if ("whyNot" in found && !cut) return { way: "evaluate", why: found.whyNot };
  if ("distribution" in found && found.distribution.kind !== "concat" && request.exact)
    return { way: "evaluate", why: "shards that are put together are not exact to the last bit" };
  if (haveMoved(times)) return { way: "evaluate", why: "in that time targets have moved between shards" };
  const sources: WholeShard[] = [];
  for (const shard of shards) {
    const { replicas, isWhole } = whole(shard);
    if (!isWhole)
      return { way: "evaluate", why: `each replica of shard ${shard} lacks something in that time` };
    sources.push({ shard, replicas });
  }
  if ("whyNot" in found)
    return cut
      ? { way: "cut", shards: sources, cut, why: found.whyNot }
      : { way: "evaluate", why: found.whyNot };
  const { distribution } = found;
  const way = distribution.kind === "concat" ? "concat" : "combine";
  return { way, shards: sources, distribution, why: distribution.why };
}

/** What keeps a query from being answered by the shards, whatever it means. */
function objectionTo(
  { expression, params }: Pick<QueryRequest, "expression" | "params">,
  times: TimeRange | undefined,
): string | undefined {
  if (!expression) return "it is not understood as a whole";
  if (!times) return "what times it reads is not certain";
  const asked = params.find(([name, value]) => ofOneServer.has(name) && !["", "0"].includes(value));
  return asked && `${asked[0]} is about one server`;
}

/** Parameters of which every server would make something of its own. */
const ofOneServer: ReadonlySet<string> = new Set(["limit", "stats"]);
