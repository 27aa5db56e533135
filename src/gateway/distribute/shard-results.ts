import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { isPacked, packed } from "../combine/packed-answer.ts";
import { checkElement, lookedThrough } from "../protocol/query-answer-shape.ts";
import type { Annotations } from "../protocol/annotations.ts";
import { type ShardFetcher, ShardLost, type ShardResponse } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import { spendBuffers } from "../read/spent-buffers.ts";
import { reasonOf } from "../router/replica-watch.ts";
import type { Replica } from "../router/router.ts";
import { NotDistributed } from "./not-distributed.ts";
import { type ResultElement, type ResultType, resultElements } from "./result-elements.ts";

/** A shard, and who has all that a query reads of it. */
export interface WholeShard {
  shard: string;
  replicas: readonly Replica[];
}

export interface ShardQuestion {
  kind: "instant" | "range";
  params: readonly (readonly [string, string])[];
  type: ResultType;
  /** Whether another replica of a shard may be asked at the same time. */
  mayHedge: boolean;
}

interface ShardResults {
  results: AsyncGenerator<ResultElement[], Annotations, undefined>[];
  replicas: ReadonlyMap<string, Replica>;
  /** Whether one of them is longer than a server holds before it begins to send. */
  areLarge: boolean;
}

/** A replica's answer turned out not to be one. */
export class BrokenResult extends Error {
  override readonly name = "BrokenResult";
  readonly shard: string;
  readonly replica: Replica;

  constructor(shard: string, replica: Replica, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.shard = shard;
    this.replica = replica;
  }
}

/** Bytes of an error that are passed on. */
const longestError = 256 * 1024;
/** Bytes that are unpacked at a time. */
const chunkSize = 16 * 1024;

/**
 * Asks every shard the same at the same time.
 * @param avoid replicas that are asked last
 * @returns the elements of each shard's answer and who has given it, or the first answer that was not 200
 * @throws ShardLost; BrokenResult; the signal's reason
 */
export async function askForResults(
  fetcher: ShardFetcher,
  shards: readonly WholeShard[],
  { kind, params, type, mayHedge }: ShardQuestion,
  avoid: ReadonlySet<Replica>,
  signal: AbortSignal,
): Promise<ShardResults | { instead: Answer }> {
  const body = new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString();
  const responses = await Promise.all(
    shards.map(async ({ shard, replicas }) => {
      const order = replicas.toSorted((left, right) => Number(avoid.has(left)) - Number(avoid.has(right)));
      const response = await fetcher.fetch(
        shard,
        {
          method: "POST",
          path: kind === "range" ? "/api/v1/query_range" : "/api/v1/query",
          headers: { "content-type": "application/x-www-form-urlencoded", ...packed },
          body,
          choose: () => order,
          mayHedge: () => mayHedge,
        },
        signal,
      );
      // while the others are waited for nobody listens; who reads it later gets the error all the same
      response.body.on("error", () => {});
      signal.addEventListener("abort", () => response.body.destroy(), { once: true });
      return { shard, ...response };
    }),
  );
  const instead = responses.find(({ status }) => status !== 200);
  if (instead) return { instead: await shortAnswer(instead) };
  return {
    results: responses.map((response) =>
      blaming(response, () => resultElements(unpackedBody(response), type)),
    ),
    replicas: new Map(responses.map(({ shard, replica }) => [shard, replica])),
    areLarge: responses.some(({ headers }) => headers["content-length"] === undefined),
  };
}

type Response = ShardResponse & { shard: string };

async function shortAnswer(response: Response): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of unpackedBody(response)) {
      size += chunk.length;
      if (size > longestError) throw new Error("its error does not end");
      chunks.push(chunk);
    }
  } catch (error) {
    throw new BrokenResult(response.shard, response.replica, reasonOf(error), { cause: error });
  }
  const headers = { "content-type": response.headers["content-type"] ?? "application/json" };
  return { status: response.status, headers, body: Buffer.concat(chunks, size) };
}

/** What is packed has a checksum; where it is wrong, the server is told to be wrong. */
function unpackedBody({ body, headers }: Response): AsyncIterable<Buffer> {
  if (!isPacked(headers["content-encoding"])) return body as AsyncIterable<Buffer>;
  // whoever reads it gets its errors
  return pipeline(body, createGunzip({ chunkSize }), () => {});
}

/** Makes errors of the content the replica's: they are told to the fetcher by the body. */
async function* blaming(
  { shard, replica, body }: Response,
  take: () => AsyncGenerator<ResultElement[], Annotations, undefined>,
): AsyncGenerator<ResultElement[], Annotations, undefined> {
  const blame = (why: string) => new BrokenResult(shard, replica, why);
  try {
    const elements = take();
    let looked = 0;
    for (;;) {
      const next = await elements.next();
      if (next.done) return next.value;
      for (const element of next.value) {
        looked += element.text.length;
        if (looked <= lookedThrough) checkElement(JSON.parse(element.text.toString()));
        else element.blame = blame;
      }
      spendBuffers(next.value.reduce((bytes, { text }) => bytes + text.length, 0));
      yield next.value;
    }
  } catch (error) {
    if (error instanceof NotDistributed) throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    body.destroy(cause);
    throw new BrokenResult(shard, replica, `its answer broke off: ${reasonOf(cause)}`, { cause });
  } finally {
    body.destroy();
  }
}

/** @throws ShardLost where it has been tried before */
export function avoiding(
  broken: Map<Replica, string>,
  { shard, replica, message }: BrokenResult,
  shards: readonly WholeShard[],
): void {
  const all = shards.find((one) => one.shard === shard)?.replicas ?? [];
  const isTriedAgain = broken.has(replica);
  broken.set(replica, message);
  if (!isTriedAgain) return;
  const attempts = all.flatMap((one) => {
    const reason = broken.get(one);
    return reason === undefined ? [] : [{ server: one.server, reason }];
  });
  throw new ShardLost(shard, attempts);
}
