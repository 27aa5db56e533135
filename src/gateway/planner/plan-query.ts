import type { Replica } from "../router/router.ts";
import type { QueryRequest } from "./query-request.ts";

/** How a query is answered, and in a few words why. */
export type QueryPlan =
  /** By one of these replicas. */
  | { way: "pass"; shard: string; replicas: readonly Replica[]; why: string }
  | { way: "evaluate"; why: string };

/** The replicas of a shard that have all that a query reads, or, where each lacks something, those that can be asked. */
export type WholeReplicas = (shard: string) => { replicas: readonly Replica[]; isWhole: boolean };

/**
 * Picks the way of a query. What one server can answer is passed to it; an expression whose meaning over several shards is not certain
 * is evaluated over the raw series of all of them, which is always right, and so is one for which no replica has all samples.
 */
export function planQuery(
  _request: Pick<QueryRequest, "expression">,
  shards: readonly string[],
  whole: WholeReplicas,
): QueryPlan {
  const [only, ...more] = shards;
  if (only === undefined || more.length > 0)
    return { way: "evaluate", why: `the series are on ${shards.length} shards` };
  const { replicas, isWhole } = whole(only);
  if (isWhole) return { way: "pass", shard: only, replicas, why: "there is one shard" };
  return { way: "evaluate", why: "each replica lacks something in that time" };
}
