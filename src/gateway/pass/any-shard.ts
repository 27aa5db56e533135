import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { packed, unpacked } from "../combine/packed-answer.ts";
import { ShardLost, type ShardFetcher, type ShardRequest } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import { passOn } from "./pass-on.ts";

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
  const asked = { ...request, headers: { ...request.headers, ...packed } };
  let lost: ShardLost | undefined;
  for (const shard of shards) {
    try {
      return await passOn(fetcher, shard, asked, signal, plain);
    } catch (error) {
      if (!(error instanceof ShardLost)) throw error;
      lost ??= error;
    }
  }
  throw lost ?? new ShardLost("0", []);
}

/** The answer unpacked. @throws SyntaxError where it is not what was packed; PromfleetError ANSWER_TOO_LARGE */
function plain({ status, headers, body }: Answer): Answer {
  const { "content-encoding": encoding, ...others } = headers;
  if (body instanceof Uint8Array)
    return { status, headers: others, body: unpacked(Buffer.from(body), encoding, largest) };
  // whoever reads the stream gets its errors
  return encoding === "gzip"
    ? { status, headers: others, body: pipeline(body, createGunzip(), () => {}) }
    : { status, headers, body };
}
