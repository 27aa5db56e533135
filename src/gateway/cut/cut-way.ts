import { parse } from "../../promql/parse.ts";
import { unitedAnnotations } from "../combine/success-answer.ts";
import { type DistributedPart, distributePart, withQuery } from "../distribute/distribute-way.ts";
import { NotDistributed } from "../distribute/not-distributed.ts";
import type { WholeShard } from "../distribute/shard-results.ts";
import { sharedPositions } from "../evaluate/annotation-positions.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { GivenParts, QueryRequest } from "../planner/query-request.ts";
import type { Replica } from "../router/router.ts";
import type { CutQuery, QueryPart } from "./cut-query.ts";
import { encodePart } from "./part-samples.ts";

/**
 * Has the parts of a query evaluated by the shards.
 * @returns what is left of it for the evaluator
 * @throws NotDistributed where one of them has to be evaluated over series after all; ShardLost; the signal's reason
 */
export async function evaluateParts(
  fetcher: ShardFetcher,
  shards: readonly WholeShard[],
  request: QueryRequest,
  { parts, text, shared, rest }: CutQuery,
  signal: AbortSignal,
): Promise<QueryRequest> {
  const expression = parse(text);
  const stepMs = request.kind === "range" ? stepOf(request) : 0;
  if (!expression || stepMs === undefined) throw new NotDistributed("the rest of it is not understood");
  const mayHedge = parts.length === 1 && rest === 0;
  const giveUp = new AbortController();
  const either = AbortSignal.any([signal, giveUp.signal]);
  const asked = parts.map(async (part) => {
    const own = {
      ...request,
      query: part.text,
      expression: part.expression,
      params: withQuery(request.params, part.text),
    };
    return await distributePart(fetcher, shards, own, part.distribution, mayHedge, either);
  });
  let done: DistributedPart[];
  try {
    done = await Promise.all(asked);
  } catch (error) {
    giveUp.abort();
    await Promise.allSettled(asked);
    throw error;
  }
  const results = new Map<string, Buffer>();
  for (const [index, { id }] of parts.entries())
    results.set(id, encodePart(done[index]?.elements ?? [], stepMs, request.evaluated.end));
  const given: GivenParts = {
    results,
    replicas: sameReplicas(done),
    annotation: sharedPositions(request.query, text, shared),
    annotations: unitedAnnotations(
      done.map(({ annotations }, index) => ({
        data: undefined,
        annotations: inUsersText(annotations, request.query, parts[index]),
      })),
    ),
  };
  return { ...request, query: text, expression, params: withQuery(request.params, text), given };
}

/** All of a query comes from one replica of each shard: what two of them have scraped differs by moments. @throws NotDistributed */
function sameReplicas(done: readonly DistributedPart[]): ReadonlyMap<string, Replica> {
  const [first, ...others] = done;
  const all = first?.replicas ?? new Map<string, Replica>();
  for (const { replicas } of others)
    for (const [shard, replica] of replicas)
      if (all.get(shard) !== replica)
        throw new NotDistributed("parts were answered by several replicas", "several_replicas");
  return all;
}

function inUsersText(
  annotations: DistributedPart["annotations"],
  query: string,
  part: QueryPart | undefined,
): DistributedPart["annotations"] {
  if (!part) return annotations;
  const { text, from } = part;
  const position = sharedPositions(query, text, [{ evaluatedFrom: 0, userFrom: from, length: text.length }]);
  return { warnings: annotations.warnings.map(position), infos: annotations.infos.map(position) };
}

/** ms, as Prometheus counts them; undefined where there are less than one. */
function stepOf({ evaluated: { step } }: QueryRequest): number | undefined {
  return step !== undefined && step >= 1 ? Math.trunc(step) : undefined;
}
