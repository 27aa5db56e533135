import { type CutQuery, cutQuery } from "../cut/cut-query.ts";
import type { Expression } from "../../promql/expression.ts";
import { selectors, subexpressions } from "../../promql/selectors.ts";
import type { SelectorLocality } from "../../plan/rule-locality.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import type { WholeShard } from "../distribute/shard-results.ts";
import type { Replica } from "../router/router.ts";
import { type Distributed, type Distribution, distributionOf } from "./distribution.ts";
import { instancesOf } from "./fleet-locality.ts";
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

export const plannedWays = ["pass", "concat", "combine", "cut", "evaluate"] as const;

export type PlannedWay = (typeof plannedWays)[number];

/** The fleet, as far as it decides about ways. */
export interface FleetView {
  shards: readonly string[];
  /** Where the series of a selector are. */
  locality: SelectorLocality;
  /**
   * The shard that has all series of an instance in some time, but for those that are spread otherwise; undefined where that is not
   * certain.
   */
  shardOf: (instance: string, range: TimeRange) => string | undefined;
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
  view: FleetView,
  times: TimeRange | undefined,
): QueryPlan {
  const { shards, locality, whole, haveMoved } = view;
  const [first, ...more] = shards;
  if (first === undefined) return { way: "evaluate", why: "there are no shards" };
  const { expression } = request;
  const single = more.length === 0 ? "there is one shard" : undefined;
  const pinned =
    single === undefined && expression && times ? pinnedShard(expression, view, times) : undefined;
  const one = single === undefined ? pinned : { shard: first, why: single };
  if (one) {
    const { replicas, isWhole } = whole(one.shard);
    if (isWhole) return { way: "pass", shard: one.shard, replicas, why: one.why };
    return { way: "evaluate", why: lacking(one.shard) };
  }
  const objection = objectionTo(request, times);
  if (!expression || !times || objection !== undefined) return { way: "evaluate", why: objection ?? "" };
  const found = distributionOf(expression, locality);
  const cut = "whyNot" in found && !request.exact ? cutQuery(request.query, expression, locality) : undefined;
  if ("whyNot" in found && !cut) return { way: "evaluate", why: found.whyNot };
  if ("distribution" in found && found.distribution.kind !== "concat" && request.exact)
    return { way: "evaluate", why: "shards that are put together are not exact to the last bit" };
  if (haveMoved(times)) return { way: "evaluate", why: "in that time targets have moved between shards" };
  const sources: WholeShard[] = [];
  for (const shard of shards) {
    const { replicas, isWhole } = whole(shard);
    if (!isWhole) return { way: "evaluate", why: lacking(shard) };
    sources.push({ shard, replicas });
  }
  const isHidden = sources.some(({ replicas }) =>
    replicas.some(({ features }) => features?.hidesMixedGroups === true),
  );
  if (isHidden && addsUp(expression) && !isCertain(found))
    return {
      way: "evaluate",
      why: "servers before 3.0 do not tell what native histograms make them leave out",
    };
  if ("whyNot" in found)
    return cut
      ? { way: "cut", shards: sources, cut, why: found.whyNot }
      : { way: "evaluate", why: found.whyNot };
  const { distribution } = found;
  const way = distribution.kind === "concat" ? "concat" : "combine";
  return { way, shards: sources, distribution, why: distribution.why };
}

/** Whether no group is put together of what two shards have. */
const isCertain = (found: Distributed): boolean =>
  "distribution" in found && found.distribution.kind === "concat" && !found.distribution.isHope;

/** Whether it has a sum or an average, which are left out where a group has floats and native histograms. */
function addsUp(expression: Expression): boolean {
  const adds = expression.kind === "aggregation" && (expression.op === "sum" || expression.op === "avg");
  return adds || subexpressions(expression).some(addsUp);
}

const lacking = (shard: string): string => `each replica of shard ${shard} lacks something in that time`;

/** The one shard that has all that an expression reads. */
function pinnedShard(
  expression: Expression,
  { shards, locality, shardOf }: FleetView,
  times: TimeRange,
): { shard: string; why: string } | undefined {
  const read = selectors(expression);
  if (read.length === 0) return undefined;
  if (read.every((selector) => locality(selector).spread === "everywhere")) {
    const [shard = ""] = shards;
    return { shard, why: "every shard has all that it reads" };
  }
  const owners = new Set<string | undefined>();
  for (const selector of read) {
    const { spread } = locality(selector);
    if (spread === "everywhere") continue;
    const instances = spread === "byInstance" ? instancesOf(selector) : undefined;
    if (!instances) return undefined;
    for (const instance of instances) owners.add(shardOf(instance, times));
  }
  const [shard, ...others] = owners;
  if (shard === undefined || others.length > 0) return undefined;
  return { shard, why: "all instances that it names are on this shard" };
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
