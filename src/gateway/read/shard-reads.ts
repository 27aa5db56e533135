import type { Readable } from "node:stream";
import { ShardLost, type ShardFetcher } from "../fetch/shard-fetcher.ts";
import type { Replica, Router } from "../router/router.ts";
import { matchStoredLabels } from "../../remote-read/external-labels.ts";
import { beginningEarlier, cutSelector } from "./cut-selector.ts";
import { type PieceSource, ReadFailed, type ReadingQuery } from "./reading-query.ts";
import { type ReadQuery, encodeReadRequest } from "../../remote-read/read-request.ts";
import { compressBlock } from "../../remote-read/snappy-block.ts";

const contentTypes = {
  streamed: "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
  sampled: "application/x-protobuf",
} as const;

/** How remote reads are answered: as frames of chunks, or as one message of samples. */
export type ReadForm = keyof typeof contentTypes;

const longestRefusal = 1000;

/** What a shard's reads go through. */
export interface ShardReads {
  fetcher: ShardFetcher;
  router: Router;
}

/** The answer of one shard's replica to a read, status and form already checked. */
export interface ShardRead {
  shard: string;
  replica: Replica;
  body: Readable;
  /** Asks the same replica the same once more. */
  again(form: ReadForm): Promise<ShardRead>;
}

/**
 * Asks every shard for the series of one query: one replica of it or, where none has all, several for their parts.
 * @returns one answer a part, in the order of the shards, those of a shard in the order of their times
 * @throws ReadFailed; the signal's reason. The caller aborts the signal afterwards in either case, which ends what is still open.
 */
export async function readShards(
  reads: ShardReads,
  query: ReadingQuery,
  selector: ReadQuery,
  form: ReadForm,
  signal: AbortSignal,
): Promise<ShardRead[]> {
  const range = { from: Number(selector.start), to: Number(selector.end) };
  const pieces = reads.router.shardIds().flatMap((shard) =>
    query
      .sources(shard, range)
      .toSorted((left, right) => left.from - right.from)
      .map((source) => ({ shard, source })),
  );
  const { earlierMs = 0 } = query;
  return await Promise.all(
    pieces.map(async ({ shard, source }) => {
      const piece = cutSelector(selector, source);
      // nothing of a part may be in the one before
      const isFirst = earlierMs > 0 && piece.start <= selector.start;
      const asked = isFirst ? beginningEarlier(piece, earlierMs) : piece;
      return await readPiece(reads, query, shard, source, asked, form, signal);
    }),
  );
}

/** Asks for one part. @throws ReadFailed; the signal's reason */
async function readPiece(
  { fetcher, router }: ShardReads,
  query: ReadingQuery,
  shard: string,
  source: PieceSource,
  selector: ReadQuery,
  form: ReadForm,
  signal: AbortSignal,
): Promise<ShardRead> {
  const external = router.candidates(shard).map((replica) => replica.externalLabels);
  const request = encodeReadRequest({
    queries: [{ ...selector, matchers: matchStoredLabels(selector.matchers, external) }],
    acceptedResponseTypes: form === "streamed" ? [1, 0] : [0],
  });
  const { replica, status, headers, body } = await query
    .through(fetcher)
    .fetch(
      shard,
      {
        method: "POST",
        path: "/api/v1/read",
        headers: {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          "accept-encoding": "snappy",
          "x-prometheus-remote-read-version": "0.1.0",
        },
        body: compressBlock(request),
        choose: () => [source.replica, ...source.others],
        mayHedge: () => source.others.length > 0 && query.mayHedge,
        came: (bytes) => query.came(bytes),
      },
      signal,
    )
    .catch((error: unknown) => {
      if (!(error instanceof ShardLost)) throw error;
      // others may have other parts of it: the query is tried again without this one
      const isOne = router.candidates(shard).length > 1 + source.others.length;
      if (isOne && error.attempts.length > 0)
        throw replicaFailed(source.replica, error.attempts[0]?.reason ?? "");
      throw new ReadFailed({ kind: "lost", error });
    });
  // nobody listens yet while the other parts are waited for; who iterates later gets the error all the same
  body.on("error", () => {});
  signal.addEventListener("abort", () => body.destroy(), { once: true });
  if (status !== 200) {
    throw replicaFailed(replica, `it refused a remote read with status ${status}: ${await beginning(body)}`);
  }
  const contentType = headers["content-type"] ?? "";
  if (!contentType.startsWith(contentTypes[form])) {
    const wanted = form === "streamed" ? "chunks" : "samples";
    throw replicaFailed(
      replica,
      `it answered a remote read for ${wanted} with ${contentType || "no content type"}`,
    );
  }
  const other = source.others.length > 0 ? query.answered(shard, replica) : undefined;
  if (other) throw replicaFailed(other, "it answered only some of the query's reads");
  return {
    shard,
    replica,
    body,
    again: async (as) =>
      await readPiece(
        { fetcher, router },
        query,
        shard,
        { ...source, replica, others: [] },
        selector,
        as,
        signal,
      ),
  };
}

function replicaFailed(replica: Replica, reason: string): ReadFailed {
  return new ReadFailed({ kind: "replica", replica, reason });
}

/**
 * Makes errors of the content the replica's: they are told to the fetcher by the body, and name the replica.
 * @throws ReadFailed
 */
export async function* blaming<T>(
  read: ShardRead,
  content: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* content;
  } catch (error) {
    if (error instanceof ReadFailed) throw error;
    const cause = error instanceof Error ? error : new Error(String(error));
    read.body.destroy(cause);
    throw new ReadFailed({ kind: "replica", replica: read.replica, reason: cause.message }, { cause });
  }
}

async function beginning(body: Readable): Promise<string> {
  let text = "";
  try {
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > longestRefusal) break;
    }
  } catch {
    text += "…";
  }
  return text.trim().slice(0, longestRefusal);
}

/** The Content-Type header of an answer. */
export function contentTypeOf(form: ReadForm): string {
  return contentTypes[form];
}
