import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { Answer, QueryRequest } from "../planner/query-request.ts";
import type { Replica } from "../router/router.ts";
import { passOn } from "./pass-on.ts";

/** The way of queries that one of these replicas of a shard can answer alone. @throws ShardLost; the signal's reason */
export async function passQuery(
  fetcher: ShardFetcher,
  shard: string,
  replicas: readonly Replica[],
  request: QueryRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const form = new URLSearchParams(request.params.map(([name, value]): [string, string] => [name, value]));
  return await passOn(
    fetcher,
    shard,
    {
      method: "POST",
      path: request.kind === "range" ? "/api/v1/query_range" : "/api/v1/query",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "accept-encoding": request.acceptEncoding || "identity",
      },
      body: form.toString(),
      choose: () => replicas,
    },
    signal,
  );
}
