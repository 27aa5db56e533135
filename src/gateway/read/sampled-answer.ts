import type { Readable } from "node:stream";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { ExternalLabels } from "../../remote-read/external-labels.ts";
import type { ReadAnswering } from "./read-answering.ts";
import { ReadFailed } from "./reading-query.ts";
import { refuseHistograms } from "./refuse-histograms.ts";
import { blaming, readShards, type ShardRead } from "./shard-reads.ts";
import { type EncodedSeries, SeriesDecoder, continued } from "../../remote-read/encoded-series.ts";
import { describeKey, keyHasLabel } from "../../remote-read/label-key.ts";
import { MalformedData } from "../../remote-read/malformed-data.ts";
import type { ReadQuery } from "../../remote-read/read-request.ts";
import { decodeReadResponse, encodeReadResponse } from "../../remote-read/read-response.ts";
import { compressBlock, uncompressBlock, uncompressedBytes } from "../../remote-read/snappy-block.ts";

/**
 * The answer for readers that know no chunks: all series of all shards in one message of samples, whole in memory.
 * @returns a block of snappy data
 * @throws ReadFailed, also where the message is over its limit; the signal's reason
 */
export async function sampledAnswer(
  answering: ReadAnswering,
  selectors: readonly ReadQuery[],
): Promise<Buffer> {
  return compressBlock(encodeReadResponse(await sampledSeries(answering, selectors)));
}

/**
 * The series that each of the queries finds on all shards, with their samples, in the order of labels.
 * @throws ReadFailed, also where they are over the limit; the signal's reason
 */
export async function sampledSeries(
  answering: ReadAnswering,
  selectors: readonly ReadQuery[],
): Promise<EncodedSeries[][]> {
  const { query, signal } = answering;
  const budget = new Budget(answering.limits.sampledBytes);
  const results: EncodedSeries[][] = [];
  for (const selector of selectors) {
    const endTurn = await query.spool?.turn(signal);
    try {
      results.push(await mergedSamples(answering, selector, budget));
    } finally {
      endTurn?.();
    }
  }
  return results;
}

async function mergedSamples(
  answering: ReadAnswering,
  selector: ReadQuery,
  budget: Budget,
): Promise<EncodedSeries[]> {
  const { reads, query, signal, sharedJobs, counts } = answering;
  const opened = await readShards(reads, query, selector, "sampled", signal);
  const shards = await Promise.all(opened.map((read) => samplesOf(read, budget)));
  if (!query.takesHistograms) await refuseHistograms(answering, opened, shards);
  const merged = new Map<string, { series: EncodedSeries; shard: string }>();
  for (const [index, found] of shards.entries()) {
    const shard = opened[index]?.shard ?? "";
    for (const series of found) {
      if (shard !== opened[0]?.shard && sharedJobs.some((job) => keyHasLabel(series.key, job))) continue;
      const before = merged.get(series.key);
      if (!before) merged.set(series.key, { series, shard });
      // a later part of what another replica has given
      else if (before.shard === shard)
        merged.set(series.key, { series: continued(before.series, series), shard });
      else counts.duplicates++;
    }
  }
  return [...merged.values()]
    .map(({ series }) => series)
    .toSorted((left, right) => (left.key < right.key ? -1 : 1));
}

/** The series of one shard. @throws ReadFailed */
async function samplesOf(read: ShardRead, budget: Budget): Promise<EncodedSeries[]> {
  const found: EncodedSeries[] = [];
  for await (const series of blaming(read, decoded(read, budget))) found.push(...series);
  return found;
}

async function* decoded(read: ShardRead, budget: Budget): AsyncGenerator<EncodedSeries[], void, undefined> {
  const block = await whole(read.body, budget);
  const says = uncompressedBytes(block);
  if (says > block.length * mostPacked)
    throw new MalformedData(`a block of ${block.length} bytes says that it holds ${says}`);
  budget.take(says);
  const message = uncompressBlock(block);
  const found = decodeReadResponse(
    message,
    new SeriesDecoder(ExternalLabels.of(read.replica.externalLabels)),
  );
  const keys = new Set<string>();
  for (const { key } of found) {
    if (keys.has(key)) throw new MalformedData(`the series ${describeKey(key)} is there twice`);
    keys.add(key);
  }
  yield found;
}

async function whole(body: Readable, budget: Budget): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  let most = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (chunks.length === 0) most = longestBlock(uncompressedBytes(chunk));
    if (size > most) throw new MalformedData("a block is longer than what it says that it holds");
    if (size > budget.left) budget.exceeded();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

/** Snappy's own bounds: three bytes stand for 64 at most, and what can not be packed grows by this. */
const mostPacked = 22;
const longestBlock = (bytes: number) => 32 + bytes + Math.ceil(bytes / 6);

/** Bytes that one answer may have in memory, over all shards. */
class Budget {
  readonly #limit: number;
  left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.left = limit;
  }

  take(bytes: number): void {
    if (bytes > this.left) this.exceeded();
    this.left -= bytes;
  }

  exceeded(): never {
    throw new ReadFailed({
      kind: "refused",
      error: new PromfleetError({
        code: "QUERY_TOO_MUCH_DATA",
        message: `a selector of the query reads more than ${this.#limit} bytes of samples`,
      }),
    });
  }
}
