import type { QueryRequest } from "./query-request.ts";

/** How a query is answered, and in a few words why. */
export type QueryPlan = { way: "pass"; shard: string; why: string } | { way: "evaluate"; why: string };

/**
 * Picks the way of a query. What one shard can answer is passed to it; an expression whose meaning over several shards is not certain
 * is evaluated over the raw series of all of them, which is always right.
 */
export function planQuery(_request: Pick<QueryRequest, "expression">, shards: readonly string[]): QueryPlan {
  const [only, ...more] = shards;
  if (only !== undefined && more.length === 0) return { way: "pass", shard: only, why: "there is one shard" };
  return { way: "evaluate", why: `the series are on ${shards.length} shards` };
}
