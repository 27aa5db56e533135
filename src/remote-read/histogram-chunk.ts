import type { EncodedSeries } from "./encoded-series.ts";
import { ProtoReader } from "./proto-reader.ts";

/** Fields of Prometheus' ChunkedSeries and Chunk. */
const fields = { chunk: 2, encoding: 3, data: 4 };
/** The encodings of chunks of floats; all others are of histograms. */
const floatEncodings: readonly number[] = [1, 4];
/** Those of histograms with a start time in each sample: their flags stand first. */
const startTimeEncodings: readonly number[] = [5, 6];
/** Where the others have them, behind the number of samples. */
const flagsAt = 2;
/** What the first sample of a chunk of histograms is to the one before it: 0 where that is not known. */
const resetBits = 0b1100_0000;

interface Chunk {
  encoding: number;
  data: Buffer;
}

/** Whether a series has a chunk of native histograms. */
export function hasHistogramChunk({ content }: EncodedSeries): boolean {
  return chunksOf(content).some(({ encoding }) => !floatEncodings.includes(encoding));
}

/**
 * Whether a series begins with a native histogram of which its chunk does not tell whether a counter was reset: a server that cuts a chunk
 * to the times of a read loses that.
 */
export function beginsWithUnknownReset({ content }: EncodedSeries): boolean {
  const [first] = chunksOf(content);
  if (!first || floatEncodings.includes(first.encoding)) return false;
  const flags = first.data[startTimeEncodings.includes(first.encoding) ? 0 : flagsAt] ?? 0;
  return (flags & resetBits) === 0;
}

function* chunksOf(content: readonly Buffer[]): Generator<Chunk, void, undefined> {
  for (const some of content) {
    const reader = new ProtoReader(some);
    while (reader.next()) {
      if (reader.field === fields.chunk) yield chunkOf(reader.message());
      else reader.skip();
    }
  }
}

function chunkOf(chunk: ProtoReader): Chunk {
  const found: Chunk = { encoding: 0, data: Buffer.alloc(0) };
  while (chunk.next()) {
    if (chunk.field === fields.encoding) found.encoding = chunk.enumeration();
    else if (chunk.field === fields.data) {
      chunk.bytes();
      found.data = chunk.buffer.subarray(chunk.from, chunk.to);
    } else chunk.skip();
  }
  return found;
}
