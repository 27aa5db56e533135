import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { packed, unpacked } from "../combine/packed-answer.ts";
import { ShardLost, type ShardFetcher, type ShardRequest } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import type { Replica } from "../router/router.ts";
import { passOn } from "./pass-on.ts";

/** Times that a shard is asked, each time of another replica first, where an answer is not what was sent. */
const triesOfShard = 3;
/** Bytes that an answer may have which is unpacked at once. */
const largest = 64 * 1024 ** 2;

/**
 * Asks what every server answers alike: of the first shard that is there. It is asked for packed, so that it has a checksum.
 * @throws ShardLost where none is; PromfleetError; the signal's reason
 */
export async function passToAny(
  fetcher: ShardFetcher,
  shards: readonly string[],
  request: ShardRequest,
  signal: AbortSignal,
): Promise<Answer> {
  let lost: ShardLost | undefined;
  let isBroken = true;
  for (let turn = 0; isBroken && turn < triesOfShard; turn++) {
    isBroken = false;
    const choose = (candidates: readonly Replica[]) => turned(candidates, turn);
    const asked = { ...request, choose, headers: { ...request.headers, ...packed } };
    for (const shard of shards) {
      try {
        return plain(await passOn(fetcher, shard, asked, signal));
      } catch (error) {
        if (error instanceof ShardLost) lost ??= error;
        else if (error instanceof SyntaxError) {
          isBroken = true;
          const reason = `its answer is broken: ${error.message}`;
          lost ??= new ShardLost(shard, [{ server: "a replica", reason }]);
        } else throw error;
      }
    }
  }
  throw lost ?? new ShardLost("0", []);
}

function turned<T>(list: readonly T[], turn: number): T[] {
  const at = turn % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

/** The answer unpacked. @throws SyntaxError where it is not what was packed */
function plain({ status, headers, body }: Answer): Answer {
  const { "content-encoding": encoding, ...others } = headers;
  if (body instanceof Uint8Array)
    return { status, headers: others, body: unpacked(Buffer.from(body), encoding, largest) };
  // whoever reads the stream gets its errors
  return encoding === "gzip"
    ? { status, headers: others, body: pipeline(body, createGunzip(), () => {}) }
    : { status, headers, body };
}
