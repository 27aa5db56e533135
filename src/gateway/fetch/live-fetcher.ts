import { Readable } from "node:stream";
import { gunzipSync, inflateSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { z } from "zod";
import { connectTimeout, httpAgent, sendRequest } from "./http-client.ts";
import { reasonOf } from "../router/replica-watch.ts";
import type { Replica, ReplicaPool, ReplicaUse } from "../router/router.ts";
import { type ShardFetcher, ShardLost, type ShardRequest, type ShardResponse } from "./shard-fetcher.ts";

/** Bytes of an answer with a 5xx status. */
const longestRefusal = 64 * 1024;

type Outcome = { response: ShardResponse } | { reason: string; brokenConnection: boolean };

/** Asks the replicas of a shard in turn, over kept connections. */
export class LiveFetcher implements ShardFetcher {
  readonly #pool: ReplicaPool;
  readonly #dispatcher: Dispatcher;

  constructor(pool: ReplicaPool, dispatcher: Dispatcher) {
    this.#pool = pool;
    this.#dispatcher = dispatcher;
  }

  async fetch(shard: string, request: ShardRequest, signal: AbortSignal): Promise<ShardResponse> {
    const candidates = this.#pool.candidates(shard);
    const chosen = request.choose?.(candidates) ?? candidates;
    const strangers = new Set(chosen.filter((replica) => !this.#pool.knows(replica)));
    const attempts = new Map<Replica, string>();
    const again: Replica[] = [];
    for (const replica of chosen) {
      if (strangers.has(replica)) {
        attempts.set(
          replica,
          (await this.#pool.objection(replica)) ?? "its external labels were not known yet",
        );
        signal.throwIfAborted();
        continue;
      }
      const outcome = await this.#try(replica, request, signal);
      if ("response" in outcome) return outcome.response;
      attempts.set(replica, outcome.reason);
      if (outcome.brokenConnection) again.push(replica);
    }
    // a kept connection may have been closed while nobody looked, which says nothing of the server
    for (const replica of again) {
      const fresh = httpAgent({ connect: { timeout: connectTimeout } });
      const outcome = await this.#try(replica, request, signal, fresh);
      // waits for the answer
      fresh.close(() => {});
      if ("response" in outcome) return outcome.response;
    }
    throw new ShardLost(
      shard,
      [...attempts].map(([{ server }, reason]) => ({ server, reason })),
    );
  }

  /** @throws the signal's reason */
  async #try(
    replica: Replica,
    request: ShardRequest,
    signal: AbortSignal,
    dispatcher = this.#dispatcher,
  ): Promise<Outcome> {
    const objection = await this.#pool.objection(replica);
    signal.throwIfAborted();
    if (objection !== undefined) return { reason: objection, brokenConnection: false };
    const use = this.#pool.use(replica);
    try {
      const answer = await sendRequest(replica.url + request.path, {
        dispatcher,
        method: request.method,
        headers: request.headers,
        body: request.body ?? null,
        signal: AbortSignal.any([signal, use.silent]),
        // how long it may take is the signal's matter
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      use.answered();
      const refusal = await refusalOf(answer);
      if (typeof refusal === "string") {
        use.failed(refusal);
        return { reason: refusal, brokenConnection: false };
      }
      const { statusCode: status, headers } = answer;
      if (refusal) use.succeeded();
      const body = refusal ? Readable.from([refusal]) : watched(answer.body, use, signal);
      return { response: { replica, status, headers, body } };
    } catch (error) {
      if (signal.aborted) use.abandoned();
      signal.throwIfAborted();
      const reason = reasonOf(error);
      use.failed(reason);
      return { reason, brokenConnection: isBrokenConnection(error) };
    }
  }
}

/**
 * @returns why another replica is to be asked; the body where a 503 is Prometheus' own word on the query, which another one would
 * say too; undefined where the answer is one
 */
async function refusalOf(answer: Dispatcher.ResponseData): Promise<string | Buffer | undefined> {
  const { statusCode, headers, body } = answer;
  if (statusCode < 500) {
    // without either, the end of the connection would be the end of the answer, whole or not
    if (statusCode >= 300 && statusCode < 400)
      return refuse(body, `it redirects to ${String(headers["location"])}`);
    const isEndless = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
    // a 204 has no content that could go on
    if (isEndless && statusCode !== 204) return refuse(body, "its answer does not say where it ends");
    return undefined;
  }
  const bytes = await beginning(body);
  const text = plainText(bytes, headers["content-encoding"]);
  if (statusCode === 503 && isAboutTheQuery(text)) return bytes;
  return `it answered ${statusCode}: ${text.trim().slice(0, 300)}`;
}

function refuse(body: Readable, reason: string): string {
  body.on("error", () => {}).destroy();
  return reason;
}

const errorAnswer = z.object({ errorType: z.enum(["timeout", "canceled"]) });

function isAboutTheQuery(text: string): boolean {
  try {
    return errorAnswer.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

async function beginning(body: Dispatcher.ResponseData["body"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > longestRefusal) break;
  }
  return Buffer.concat(chunks, size);
}

/** Errors are compressed like any answer, where the client takes it. */
function plainText(bytes: Buffer, encoding: string | string[] | undefined): string {
  const limit = { maxOutputLength: longestRefusal };
  try {
    if (encoding === "gzip") return gunzipSync(bytes, limit).toString();
    if (encoding === "deflate") return inflateSync(bytes, limit).toString();
    return bytes.toString();
  } catch {
    return `its words are not readable as ${String(encoding)}`;
  }
}

/** Ends the use with what becomes of the body. */
function watched(body: Readable, use: ReplicaUse, signal: AbortSignal): Readable {
  body.once("end", () => use.succeeded());
  body.on("error", (error) => {
    if (signal.aborted || isGivenUp(error)) use.abandoned();
    else use.failed(`its answer broke off: ${reasonOf(error)}`);
  });
  body.once("close", () => use.abandoned());
  return body;
}

/** What undici makes of a body that is destroyed without an error before its end. */
function isGivenUp(error: Error): boolean {
  return "code" in error && error.code === "UND_ERR_ABORTED";
}

function isBrokenConnection(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE";
}
