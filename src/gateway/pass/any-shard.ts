import { ShardLost, type ShardFetcher, type ShardRequest } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import { passOn } from "./pass-on.ts";

/** Asks what every server answers alike: of the first shard that is there. @throws ShardLost where none is; the signal's reason */
export async function passToAny(
  fetcher: ShardFetcher,
  shards: readonly string[],
  request: ShardRequest,
  signal: AbortSignal,
): Promise<Answer> {
  let lost: ShardLost | undefined;
  for (const shard of shards) {
    try {
      return await passOn(fetcher, shard, request, signal);
    } catch (error) {
      if (!(error instanceof ShardLost)) throw error;
      lost ??= error;
    }
  }
  throw lost ?? new ShardLost("0", []);
}
