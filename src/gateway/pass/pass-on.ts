import type { IncomingHttpHeaders } from "node:http";
import { type Readable, pipeline } from "node:stream";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type ShardFetcher, ShardLost, type ShardRequest } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import { spendBuffers } from "../read/spent-buffers.ts";
import { reasonOf } from "../router/replica-watch.ts";
import type { Replica } from "../router/router.ts";
import { LastBytes } from "./answer-ending.ts";
import { checkEnds, checkShort, isPlainResult, resultBegins } from "./check-answer.ts";

/** Bytes of an answer that are held until they are whole, so that a replica that breaks off within them can be replaced. */
const heldBytes = 256 * 1024;

const passedHeaders = ["content-type", "content-encoding", "vary"] as const;

/**
 * Asks a shard and passes the bytes of one replica on, untouched and still compressed. While nothing has gone out, a replica that
 * breaks off is replaced by another one; after that, the body errors.
 * @param open makes what is passed on of a replica's answer; what it throws counts as broken off, but for a PromfleetError
 * @throws ShardLost; PromfleetError of open; the signal's reason
 */
export async function passOn(
  fetcher: ShardFetcher,
  shard: string,
  request: ShardRequest,
  signal: AbortSignal,
  open = untouched,
): Promise<Answer> {
  const broken = new Map<Replica, string>();
  const choose = (candidates: readonly Replica[]) => {
    const chosen = request.choose?.(candidates) ?? candidates;
    // when all of them broke off, the best is asked once more
    return chosen.toSorted((left, right) => Number(broken.has(left)) - Number(broken.has(right)));
  };
  for (;;) {
    const { replica, status, headers, body } = await fetcher.fetch(shard, { ...request, choose }, signal);
    try {
      const answer = {
        status,
        headers: headersOf(headers),
        body: await held(body, isPlainResult(request, status, headers)),
      };
      if (answer.body instanceof Uint8Array) checkShort(answer, answer.body, request.path);
      return open(answer);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PromfleetError) throw error;
      const wasBroken = broken.has(replica);
      broken.set(replica, `its answer broke off: ${reasonOf(error)}`);
      if (!wasBroken) continue;
      const attempts = [...broken].map(([{ server }, reason]) => ({ server, reason }));
      throw new ShardLost(shard, attempts);
    }
  }
}

const untouched = (answer: Answer): Answer => answer;

function headersOf(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    passedHeaders.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A short body whole, a long one as a stream that begins with what was held. @throws where it breaks off before that */
async function held(body: Readable, isPlain: boolean): Promise<Answer["body"]> {
  const chunks: Buffer[] = [];
  let size = 0;
  const source = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    const next = await source.next();
    if (next.done) {
      const whole = Buffer.concat(chunks, size);
      if (isPlain) checkEnds(whole, whole);
      return whole;
    }
    chunks.push(next.value);
    size += next.value.length;
    if (size > heldBytes) break;
  }
  const rest = { [Symbol.asyncIterator]: () => source };
  const beginning = Buffer.concat(chunks, size).subarray(0, resultBegins.length);
  if (isPlain) checkEnds(beginning, undefined);
  return pipeline(
    async function* (): AsyncGenerator<Buffer, void, undefined> {
      for (const chunk of chunks.splice(0)) yield chunk;
      yield* rest;
    },
    async function* (all: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
      const last = new LastBytes();
      for await (const chunk of all) {
        spendBuffers(chunk.length);
        if (isPlain) last.add(chunk);
        yield chunk;
      }
      if (isPlain) checkEnds(beginning, last.bytes);
    },
    () => {},
  ) as unknown as Readable;
}
