import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { listenError } from "../../errors/listen-error.ts";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { type ReadAnswering, type ReadCounts, type ReadLimits, defaultReadLimits } from "./read-answering.ts";
import { type ReadFailure, ReadFailed, type ReadingQuery } from "./reading-query.ts";
import { sampledAnswer } from "./sampled-answer.ts";
import { type ShardReads, contentTypeOf } from "./shard-reads.ts";
import { firstFrame, streamedAnswer } from "./streamed-answer.ts";
import { labelInKey } from "../../remote-read/label-key.ts";
import { type ReadRequest, decodeReadRequest, responseType } from "../../remote-read/read-request.ts";
import { compressBlock, uncompressBlock, uncompressedBytes } from "../../remote-read/snappy-block.ts";
import { partMatcher } from "../cut/cut-query.ts";
import { encodePartResponse } from "../cut/part-samples.ts";

/** Name of the matcher that carries the id of a query to its reads, where the evaluator does not pass trace ids on. */
export const queryMarker = "__promfleet_q__";

export interface ReadListenerOptions extends ShardReads {
  /** The query in flight that has this id. */
  find(id: string): ReadingQuery | undefined;
  /** 0 or left out: any that is free. */
  port?: number;
  limits?: Partial<ReadLimits>;
}

/** Where the evaluator reads from. */
export interface ReadListener {
  /** For the evaluator's remote_read. */
  readonly url: string;
  readonly counts: Readonly<ReadCounts>;
  close(): Promise<void>;
}

const host = "127.0.0.1";
const path = "/api/v1/read";

/**
 * Listens on 127.0.0.1 for the remote reads of the evaluator, and answers them from all shards.
 * @throws PromfleetError PORT_TAKEN, LISTEN_FAILED
 */
export async function startReadListener(options: ReadListenerOptions): Promise<ReadListener> {
  const limits = { ...defaultReadLimits, ...options.limits };
  const counts: ReadCounts = { open: 0, done: 0, failed: 0, abandoned: 0, refused: 0, duplicates: 0 };
  const server = createServer((request, response) => {
    // errors of the connection are seen as an aborted read
    response.on("error", () => {});
    void handle(options, limits, counts, request, response);
  });
  // a connection that closes while the evaluator takes it into use again would be a failed read
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  const wanted = options.port ?? 0;
  server.listen(wanted, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error, host, wanted, "Name another port in --read-port, or leave it out.");
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}${path}`,
    counts,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  options: ReadListenerOptions,
  limits: ReadLimits,
  counts: ReadCounts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const read =
    request.method === "POST" && request.url === path ? await readRequest(request, limits) : undefined;
  const query = read && findQuery(options, request, read);
  const record = query?.beginRead();
  if (!read || !query || !record) {
    counts.refused++;
    response
      .writeHead(404, { connection: "close" })
      .end("This read belongs to no query that is in flight.\n");
    return;
  }
  const over = new AbortController();
  response.once("close", () => over.abort(new Error("the evaluator closed the connection")));
  const signal = AbortSignal.any([over.signal, query.signal]);
  const sharedJobs = options.router.topology.onEveryShard.map((job) => labelInKey("job", job));
  counts.open++;
  try {
    await answer({ reads: options, query, signal, limits, sharedJobs, counts }, read, response);
    record.done();
    counts.done++;
    response.end();
  } catch (error) {
    if (signal.aborted) {
      record.abandoned();
      counts.abandoned++;
      response.destroy();
    } else {
      // first the evaluator, then the record: what waits for the record may end the evaluator's request
      counts.failed++;
      record.failed(failureOf(error));
      breakOff(response);
    }
  } finally {
    counts.open--;
    over.abort();
  }
}

async function answer(answering: ReadAnswering, read: ReadRequest, response: ServerResponse): Promise<void> {
  const parts = partsOf(answering.query, read);
  if (parts) {
    writeSampled(response, compressBlock(encodePartResponse(parts)));
    return;
  }
  const selectors = read.queries.map((query) => ({
    ...query,
    matchers: query.matchers.filter(({ name }) => name !== queryMarker),
  }));
  if (read.acceptedResponseTypes[0] === responseType.streamedXorChunks) {
    response.writeHead(200, { "content-type": contentTypeOf("streamed") });
    // the evaluator opens all its selectors before it reads from the first
    response.flushHeaders();
    await write(streamedAnswer(answering, selectors), response, answering.signal);
  } else {
    writeSampled(response, await sampledAnswer(answering, selectors));
  }
}

/** No faster than the evaluator takes it. */
async function write(
  pieces: AsyncIterable<Buffer>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  for await (const bytes of pieces) {
    signal.throwIfAborted();
    if (!response.write(bytes)) await once(response, "drain", { signal });
  }
}

function writeSampled(response: ServerResponse, block: Buffer): void {
  response.writeHead(200, {
    "content-type": contentTypeOf("sampled"),
    "content-encoding": "snappy",
    "content-length": block.length,
  });
  response.write(block);
}

/** Where a read asks for what was evaluated before: that. */
function partsOf(query: ReadingQuery, { queries }: ReadRequest): Buffer[] | undefined {
  const ids = queries.map(({ matchers }) => matchers.find(({ name }) => name === partMatcher)?.value);
  const parts = ids.flatMap((id) => (id === undefined ? [] : (query.part(id) ?? [])));
  return parts.length > 0 && parts.length === queries.length ? parts : undefined;
}

/** Undefined where the request can not be understood. */
async function readRequest(request: IncomingMessage, limits: ReadLimits): Promise<ReadRequest | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limits.requestBytes) return undefined;
      chunks.push(chunk);
    }
    const block = Buffer.concat(chunks, size);
    if (uncompressedBytes(block) > limits.requestBytes) return undefined;
    return decodeReadRequest(uncompressBlock(block));
  } catch {
    return undefined;
  }
}

/** The query is known by its trace id, or by the marker that was put into its selectors. */
function findQuery(
  options: ReadListenerOptions,
  request: IncomingMessage,
  read: ReadRequest,
): ReadingQuery | undefined {
  const traceparent = request.headers["traceparent"];
  const traceId = typeof traceparent === "string" ? traceparent.split("-")[1] : undefined;
  const byTrace = traceId === undefined ? undefined : options.find(traceId);
  if (byTrace) return byTrace;
  const marker = read.queries[0]?.matchers.find(({ name }) => name === queryMarker);
  return marker && options.find(marker.value);
}

function failureOf(error: unknown): ReadFailure {
  if (error instanceof ReadFailed) return error.failure;
  if (error instanceof PromfleetError) return { kind: "refused", error };
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: "refused",
    error: new PromfleetError(
      { code: "INTERNAL", message: `a read broke off: ${message}` },
      { cause: error },
    ),
  };
}

/**
 * An evaluator takes any failure before the first frame for an empty answer, so it gets a frame, and then the end of the
 * connection. A status would tell it even less.
 */
function breakOff(response: ServerResponse): void {
  if (!response.headersSent) response.writeHead(200, { "content-type": contentTypeOf("streamed") });
  response.write(firstFrame(), () => response.destroy());
}
