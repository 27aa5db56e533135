import { chunkedStream } from "../../remote-read/chunked-stream.ts";
import { ExternalLabels } from "../../remote-read/external-labels.ts";
import type { ReadAnswering } from "./read-answering.ts";
import { mergeSeries } from "./merge.ts";
import { shardSeries, type SeriesBatch } from "./shard-series.ts";
import { spendBuffers } from "./spent-buffers.ts";
import { ReadFailed } from "./reading-query.ts";
import { blaming, readShards } from "./shard-reads.ts";
import { SeriesDecoder } from "../../remote-read/encoded-series.ts";
import { beginsWithUnknownReset } from "../../remote-read/histogram-chunk.ts";
import { encodeFrame } from "../../remote-read/frame.ts";
import { ProtoWriter } from "../../remote-read/proto-writer.ts";
import type { ReadQuery } from "../../remote-read/read-request.ts";
import { keyHasLabel } from "../../remote-read/label-key.ts";

/** Bytes that are gathered before they are written: small writes cost more than the copying. */
const writeBytes = 128 * 1024;

/**
 * Answers the queries of a read request one after another with frames of chunks, in pieces that are worth a write. At any moment it
 * holds one piece of each shard's stream, a series that is being put together, and what it gives next.
 * @throws ReadFailed; the signal's reason
 */
export async function* streamedAnswer(
  answering: ReadAnswering,
  selectors: readonly ReadQuery[],
): AsyncGenerator<Buffer, void, undefined> {
  const { query, signal } = answering;
  const gathered = new GatheredFrames();
  for (const [index, selector] of selectors.entries()) {
    if (!query.spool) {
      for await (const batch of mergedSeries(answering, selector)) {
        for (const series of batch) {
          gathered.add(encodeFrame(series, index));
          if (gathered.isEnough) yield gathered.take();
        }
      }
      continue;
    }
    const endTurn = await query.spool.turn(signal);
    const held: Buffer[] = [];
    try {
      for await (const batch of mergedSeries(answering, selector)) {
        for (const series of batch) {
          const frame = Buffer.concat(encodeFrame(series, index));
          query.spool.hold(frame.length);
          held.push(frame);
        }
      }
    } finally {
      endTurn();
    }
    for (const frame of held) {
      gathered.add([frame]);
      if (gathered.isEnough) yield gathered.take();
    }
  }
  if (gathered.isSome) yield gathered.take();
}

async function* mergedSeries(
  answering: ReadAnswering,
  selector: ReadQuery,
): AsyncGenerator<SeriesBatch, void, undefined> {
  const { reads, query, signal, limits, sharedJobs, counts } = answering;
  const mayBeginLate = query.earlierMs === 0;
  const opened = await readShards(reads, query, selector, "streamed", signal);
  const sources = opened.map((read) => {
    const decoder = new SeriesDecoder(ExternalLabels.of(read.replica.externalLabels), true);
    const frames = chunkedStream(read.body, limits.frameBytes);
    const series = blaming(read, shardSeries(frames, decoder, limits.frameBytes));
    const isFirst = read.shard === opened[0]?.shard;
    return {
      shard: read.shard,
      series: !isFirst && sharedJobs.length > 0 ? withoutJobs(series, sharedJobs) : series,
    };
  });
  for await (const batch of mergeSeries(sources, () => counts.duplicates++)) {
    if (mayBeginLate && batch.some(beginsWithUnknownReset)) throw new ReadFailed({ kind: "begins_late" });
    yield batch;
  }
}

/** @param jobs labels as labelInKey makes them */
async function* withoutJobs(
  batches: AsyncIterable<SeriesBatch>,
  jobs: readonly string[],
): AsyncGenerator<SeriesBatch, void, undefined> {
  for await (const batch of batches) {
    const kept = batch.filter(({ key }) => !jobs.some((job) => keyHasLabel(key, job)));
    if (kept.length > 0) yield kept;
  }
}

class GatheredFrames {
  #pieces: Buffer[] = [];
  #bytes = 0;

  get isSome(): boolean {
    return this.#bytes > 0;
  }

  get isEnough(): boolean {
    return this.#bytes >= writeBytes;
  }

  add(frame: readonly Buffer[]): void {
    for (const piece of frame) {
      this.#pieces.push(piece);
      this.#bytes += piece.length;
    }
  }

  take(): Buffer {
    const bytes = Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    spendBuffers(bytes.length);
    return bytes;
  }
}

/**
 * A frame that is right by itself. An evaluator that loses a stream before its first frame takes it for empty; after one, for
 * failed.
 */
export function firstFrame(): Buffer {
  const label = new ProtoWriter().string(1, "__promfleet_failed__").string(2, "1").finish();
  const labels = new ProtoWriter().bytes(1, label).finish();
  return Buffer.concat(
    encodeFrame({ key: "", sentLabels: labels, labels, content: [], frame: undefined }, 0),
  );
}
