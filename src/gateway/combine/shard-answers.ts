import type { IncomingHttpHeaders } from "node:http";
import { z } from "zod";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type ShardFetcher, ShardLost, type ShardRequest } from "../fetch/shard-fetcher.ts";
import type { TimeRange } from "../coverage/replica-scrapes.ts";
import type { ShardSources } from "../coverage/shard-sources.ts";
import type { Answer } from "../planner/query-request.ts";
import type { Replica, Router } from "../router/router.ts";
import { packed, tooLarge, unpacked } from "./packed-answer.ts";

export interface ShardAccess {
  router: Router;
  fetcher: ShardFetcher;
  sources: ShardSources;
}

/** Bytes of all shards' answers to one request. */
export const maxAnswerBytes = 256 * 1024 ** 2;

/** Of a shard: its part, or what it answered instead: an error, or 204 where a query of exemplars selects nothing. */
type Said<T> = { part: T } | { instead: Answer };

/**
 * Asks every shard at the same time. An answer that breaks off or is none is asked of the shard's next replica.
 * @param range ms that it is about; undefined: any replica will do
 * @param parse an answer; a SyntaxError or ZodError of it counts as an answer that is none
 * @param lost takes the shards that are not available; left out: one that is not is an error
 * @param budget bytes that the answers may have together
 * @returns what came out of parse in the order of the shards, or the answer of the first shard that did not say 200
 * @throws ShardLost when a shard has no replica left; PromfleetError; the signal's reason
 */
export async function askShards<T>(
  { router, fetcher, sources }: ShardAccess,
  request: ShardRequest,
  range: TimeRange | undefined,
  parse: (body: Buffer, from: Replica) => T,
  signal: AbortSignal,
  lost?: ShardLost[],
  budget = maxAnswerBytes,
): Promise<{ parts: T[] } | { instead: Answer }> {
  const giveUp = new AbortController();
  const either = AbortSignal.any([signal, giveUp.signal]);
  const bytes = { left: budget };
  const asked = router
    .shardIds()
    .flatMap((shard) => askedOf(router, sources, shard, range))
    .map(async ({ shard, replicas }) => {
      const asking = new ShardAsking(shard, replicas, request);
      return await asking.ask(fetcher, parse, bytes, either).catch((error: unknown) => {
        if (!lost || !(error instanceof ShardLost)) throw error;
        lost.push(error);
      });
    });
  try {
    const parts: T[] = [];
    for (const said of await Promise.all(asked)) {
      if (!said) continue;
      if ("instead" in said) return said;
      parts.push(said.part);
    }
    return { parts };
  } catch (error) {
    giveUp.abort();
    await Promise.allSettled(asked);
    throw error;
  }
}

/** Who is asked for a shard: one of those that have all of a range or, where each lacks something, every one. */
function askedOf(
  router: Router,
  sources: ShardSources,
  shard: string,
  range: TimeRange | undefined,
): { shard: string; replicas: () => readonly Replica[] }[] {
  if (!range) return [{ shard, replicas: () => router.candidates(shard) }];
  const { replicas, isWhole } = sources.whole(shard, range);
  // who lacks something can still stand in for those that do not: better than no answer is that of the next one
  const rest = (first: readonly Replica[]) => [
    ...first,
    ...router.candidates(shard).filter((replica) => !first.includes(replica)),
  ];
  if (isWhole) return [{ shard, replicas: () => rest(replicas) }];
  return replicas.map((replica) => ({ shard, replicas: () => rest([replica]) }));
}

/** One shard: its replicas in turn, until an answer is whole and understood. */
class ShardAsking {
  readonly #replicas: () => readonly Replica[];
  readonly #shard: string;
  readonly #request: ShardRequest;
  readonly #failed = new Map<Replica, string>();

  constructor(shard: string, replicas: () => readonly Replica[], request: ShardRequest) {
    this.#replicas = replicas;
    this.#shard = shard;
    this.#request = { ...request, headers: { ...request.headers, ...packed } };
  }

  async ask<T>(
    fetcher: ShardFetcher,
    parse: (body: Buffer, from: Replica) => T,
    bytes: { left: number },
    signal: AbortSignal,
  ): Promise<Said<T>> {
    for (;;) {
      const { replica, status, headers, body } = await this.#fetch(fetcher, signal);
      // its errors come to whoever reads it; giving up may make another one
      body.on("error", () => {});
      const spent = { bytes: 0 };
      try {
        const sent = await wholeBody(body, bytes, spent);
        // nothing is not packed, whatever its headers say
        const encoding = status === 204 ? undefined : headers["content-encoding"];
        const whole = unpacked(sent, encoding, bytes.left + sent.length);
        bytes.left -= whole.length - sent.length;
        spent.bytes += whole.length - sent.length;
        if (status === 200) return { part: parse(whole, replica) };
        return { instead: { status, headers: contentType(headers), body: whole } };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof PromfleetError) throw error;
        bytes.left += spent.bytes;
        this.#failed.set(replica, reasonOf(error));
      }
    }
  }

  async #fetch(fetcher: ShardFetcher, signal: AbortSignal) {
    const attempts = [...this.#failed].map(([{ server }, reason]) => ({ server, reason }));
    const isLeft = (replica: Replica) => !this.#failed.has(replica);
    if (attempts.length > 0 && !this.#replicas().some(isLeft)) throw new ShardLost(this.#shard, attempts);
    const choose = () => this.#replicas().filter(isLeft);
    try {
      return await fetcher.fetch(this.#shard, { ...this.#request, choose }, signal);
    } catch (error) {
      if (error instanceof ShardLost) throw new ShardLost(this.#shard, [...attempts, ...error.attempts]);
      throw error;
    }
  }
}

function contentType(headers: IncomingHttpHeaders): Record<string, string> {
  const type = headers["content-type"];
  return type === undefined ? {} : { "content-type": type };
}

async function wholeBody(
  body: AsyncIterable<Buffer>,
  bytes: { left: number },
  spent: { bytes: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) {
    chunks.push(chunk);
    spent.bytes += chunk.length;
    bytes.left -= chunk.length;
    if (bytes.left < 0) throw tooLarge();
  }
  return Buffer.concat(chunks, spent.bytes);
}

/** @throws what is no fault of the answer */
function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) return "its answer is not one that Prometheus gives";
  if (error instanceof SyntaxError) return `its answer can not be read: ${error.message}`;
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  return error instanceof Error ? error.message : String(error);
}
