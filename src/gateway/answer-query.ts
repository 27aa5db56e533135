import type { CoverageIndex } from "./coverage/coverage-index.ts";
import { evaluateParts } from "./cut/cut-way.ts";
import { queryTimes } from "./coverage/query-times.ts";
import { type ShardSources, always } from "./coverage/shard-sources.ts";
import { distributeQuery } from "./distribute/distribute-way.ts";
import { NotDistributed, type ReplanReason } from "./distribute/not-distributed.ts";
import { type ShardFetcher, ShardLost } from "./fetch/shard-fetcher.ts";
import { passQuery } from "./pass/pass-way.ts";
import { fleetLocality } from "./planner/fleet-locality.ts";
import { type FleetView, type PlannedWay, type QueryPlan, planQuery } from "./planner/plan-query.ts";
import type { Answer, QueryRequest, Way } from "./planner/query-request.ts";
import type { Router } from "./router/router.ts";
import { slotOf } from "../plan/slots.ts";
import type { TopologyShard } from "../topology/topology.ts";

export interface QueryContext {
  router: Router;
  fetcher: ShardFetcher;
  sources: ShardSources;
  coverage: Pick<CoverageIndex, "haveMoved" | "isOnlyOn">;
  evaluate: Way;
  /** Told which way a query takes, and why where it is not the one that was planned. */
  took: (way: PlannedWay, replanned?: ReplanReason) => void;
}

/** Answers a query by the way that is planned for it; where that turns out not to be right, by the one that always is. */
export async function answerQuery(
  context: QueryContext,
  query: QueryRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const { took, evaluate } = context;
  const plan = planOf(context, query);
  took(plan.way);
  if (plan.way === "evaluate") return await evaluate(query, signal);
  try {
    return await takeWay(context, plan, query, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof NotDistributed) && !mayBeThere(context, plan, query, error)) throw error;
    took("evaluate", error instanceof NotDistributed ? error.why : "replica_lost");
    return await evaluate(query, signal);
  }
}

/** The way that a query takes as things are. */
export function planOf({ router, sources, coverage }: QueryContext, query: QueryRequest): QueryPlan {
  const times = queryTimes(query, router.topology);
  const { topology } = router;
  const view: FleetView = {
    shards: router.shardIds(),
    locality: fleetLocality(topology),
    shardOf(instance, range) {
      const owner = ownerOfSlot(topology.shards, slotOf([instance]));
      return owner !== undefined && coverage.isOnlyOn(owner, instance, range) ? owner : undefined;
    },
    whole: (shard) => sources.whole(shard, times ?? always),
    haveMoved: (range) => coverage.haveMoved(range),
  };
  return planQuery(query, view, times);
}

async function takeWay(
  { fetcher, evaluate }: QueryContext,
  plan: Exclude<QueryPlan, { way: "evaluate" }>,
  query: QueryRequest,
  signal: AbortSignal,
): Promise<Answer> {
  if (plan.way === "pass") return await passQuery(fetcher, plan.shard, plan.replicas, query, signal);
  if (plan.way === "cut") {
    const rest = await evaluateParts(fetcher, plan.shards, query, plan.cut, signal);
    return await evaluate(rest, signal);
  }
  return await distributeQuery(fetcher, plan.shards, query, plan.distribution, signal);
}

/** Those that have all of it are gone: whether there are others, or the answer may lack it. */
function mayBeThere(
  { router }: QueryContext,
  plan: Exclude<QueryPlan, { way: "evaluate" }>,
  query: QueryRequest,
  error: unknown,
): boolean {
  if (!(error instanceof ShardLost)) return false;
  const asked = plan.way === "pass" ? [plan] : plan.shards;
  const replicas = asked.find(({ shard }) => shard === error.shard)?.replicas ?? [];
  return query.partial === true || router.candidates(error.shard).length > replicas.length;
}

function ownerOfSlot(shards: readonly TopologyShard[], slot: number): string | undefined {
  return shards.find(({ slots }) => slots?.some(([from, to]) => slot >= from && slot <= to))?.id;
}
