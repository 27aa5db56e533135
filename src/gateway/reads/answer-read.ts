import { type Readable, pipeline } from "node:stream";
import { encodeReadResponse } from "../../remote-read/read-response.ts";
import type { ReadQuery } from "../../remote-read/read-request.ts";
import { compressBlock } from "../../remote-read/snappy-block.ts";
import type { Answer } from "../planner/query-request.ts";
import { quoteLikeGo } from "../protocol/go-text.ts";
import type { ReadAnswering } from "../read/read-answering.ts";
import { sampledAnswer } from "../read/sampled-answer.ts";
import { contentTypeOf } from "../read/shard-reads.ts";
import { streamedAnswer } from "../read/streamed-answer.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { Router } from "../router/router.ts";
import { checkSelectors } from "./check-selectors.ts";
import type { DecodedRead } from "./decode-read.ts";
import type { FleetRead, FleetReads } from "./fleet-reads.ts";
import { warningHeaders } from "./warning-headers.ts";

/** Bytes of frames that are held until they are there: a replica that breaks off within them can be replaced. */
const heldBytes = 512 * 1024;

export interface ReadContext {
  router: Router;
  fetcher: ShardFetcher;
  reads: FleetReads;
}

/**
 * Answers a remote read with the series of all shards.
 * @returns what breaks off where it turns out later not to be whole
 * @throws ShardLost; PromfleetError; the signal's reason. The caller aborts the signal afterwards in any case.
 */
export async function answerRead(
  { router, fetcher, reads }: ReadContext,
  { queries, form }: DecodedRead,
  partial: boolean | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const regexes = regexesOf(queries);
  if (regexes.length > 0)
    await checkSelectors(fetcher, router.shardIds(), [`x{${regexes.join(",")}}`], signal);
  const read: FleetRead = { queries, partial, fetcher };
  if (queries.length === 0)
    return form === "streamed"
      ? streamed(Buffer.alloc(0), [])
      : sampled(compressBlock(encodeReadResponse([])), []);
  if (form === "sampled") {
    const { value, warnings } = await reads.readWhole(read, signal, (answering) =>
      sampledAnswer(answering, queries),
    );
    return sampled(value, warnings);
  }
  const { value, warnings, end } = await reads.read(read, signal, (answering) => begun(answering, queries));
  const { held, rest } = value;
  if (!rest) {
    end();
    return streamed(Buffer.concat(held), warnings);
  }
  const whole = async function* (): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (const piece of held.splice(0)) yield piece;
      yield* rest;
    } finally {
      end();
    }
  };
  // whoever reads the stream gets its errors
  return streamed(pipeline(whole, oneByOne, () => {}) as unknown as Readable, warnings);
}

/** As far as it is held; undefined what follows where that is all. */
async function begun(
  answering: ReadAnswering,
  queries: readonly ReadQuery[],
): Promise<{ held: Buffer[]; rest: AsyncGenerator<Buffer, void, undefined> | undefined }> {
  const frames = streamedAnswer(answering, queries);
  const held: Buffer[] = [];
  let size = 0;
  for (;;) {
    const next = await frames.next();
    if (next.done) return { held, rest: undefined };
    held.push(next.value);
    size += next.value.length;
    if (size > heldBytes) return { held, rest: frames };
  }
}

async function* oneByOne(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield* pieces;
}

function streamed(body: Answer["body"], warnings: readonly string[]): Answer {
  return {
    status: 200,
    headers: { "content-type": contentTypeOf("streamed"), ...warningHeaders(warnings) },
    body,
  };
}

function sampled(body: Buffer, warnings: readonly string[]): Answer {
  const headers = { "content-type": contentTypeOf("sampled"), "content-encoding": "snappy" };
  return { status: 200, headers: { ...headers, ...warningHeaders(warnings) }, body };
}

/** Each as a matcher of some label, in PromQL. */
function regexesOf(queries: readonly ReadQuery[]): string[] {
  const values = queries.flatMap(({ matchers }) =>
    matchers.filter(({ op }) => op === "=~" || op === "!~").map(({ value }) => value),
  );
  return [...new Set(values)].map((value) => `x=~${quoteLikeGo(value)}`);
}
