import { PromfleetError } from "../../errors/promfleet-error.ts";
import { chunkedStream } from "../../remote-read/chunked-stream.ts";
import { ExternalLabels } from "../../remote-read/external-labels.ts";
import type { ReadAnswering } from "./read-answering.ts";
import { ReadFailed } from "./reading-query.ts";
import { type ShardRead, blaming } from "./shard-reads.ts";
import { type EncodedSeries, SeriesDecoder, hasField } from "../../remote-read/encoded-series.ts";
import { hasHistogramChunk } from "../../remote-read/histogram-chunk.ts";
import { decodeFrame } from "../../remote-read/frame.ts";
import { describeKey } from "../../remote-read/label-key.ts";

const timeSeriesFields = { samples: 2, histograms: 4 };

/**
 * Before 2.44 neither servers nor evaluators knew native histograms in answers of samples: the one ends a series at its first
 * histogram, the other drops what it gets. So a series that came without samples is looked at as chunks, which show it.
 * @throws ReadFailed where the evaluator would leave histograms out
 */
export async function refuseHistograms(
  answering: ReadAnswering,
  reads: readonly ShardRead[],
  shards: readonly (readonly EncodedSeries[])[],
): Promise<void> {
  for (const [index, read] of reads.entries()) {
    const series = shards[index] ?? [];
    const sent = series.find((one) => hasField(one, timeSeriesFields.histograms));
    if (sent) throw refusal(sent.key);
    const empty = series.some((one) => !hasField(one, timeSeriesFields.samples));
    if (!empty) continue;
    const dropped = await findHistograms(answering, read);
    if (dropped !== undefined) throw refusal(dropped);
  }
}

/** The key of a series with histograms among what the selector finds. */
async function findHistograms({ limits }: ReadAnswering, asked: ShardRead): Promise<string | undefined> {
  const read = await asked.again("streamed");
  const decoder = new SeriesDecoder(ExternalLabels.of(read.replica.externalLabels));
  try {
    for await (const frames of blaming(read, chunkedStream(read.body, limits.frameBytes))) {
      for (const series of frames.flatMap((frame) => decodeFrame(frame, decoder))) {
        if (hasHistogramChunk(series)) return series.key;
      }
    }
    return undefined;
  } finally {
    read.body.destroy();
  }
}

function refusal(key: string): ReadFailed {
  const message = `the evaluator is too old for the native histograms of ${describeKey(key)}`;
  const error = new PromfleetError({ code: "EVALUATOR_DROPS_HISTOGRAMS", message });
  return new ReadFailed({ kind: "refused", error });
}
