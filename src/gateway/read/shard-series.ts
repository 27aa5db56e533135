import type { EncodedSeries, SeriesDecoder } from "../../remote-read/encoded-series.ts";
import { type Frame, decodeFrame } from "../../remote-read/frame.ts";
import { describeKey } from "../../remote-read/label-key.ts";
import { MalformedData } from "../../remote-read/malformed-data.ts";

/** Some series in label order; the next ones come after them. Never empty. */
export type SeriesBatch = readonly EncodedSeries[];

/**
 * The series of one shard's stream, each whole and in strictly ascending order of labels. A series that the server cut over
 * several frames is put together again: who reads the stream takes every frame for a series of its own.
 * @param maxSeriesBytes of one series that is put together
 * @throws MalformedData, also on disorder and where two series are equal once external labels are off
 */
export async function* shardSeries(
  frames: AsyncIterable<readonly Frame[]>,
  decoder: SeriesDecoder,
  maxSeriesBytes: number,
): AsyncGenerator<SeriesBatch, void, undefined> {
  // the last series is held back until it is known that nothing of it follows
  let open: EncodedSeries | undefined;
  let openBytes = 0;
  for await (const some of frames) {
    const whole: EncodedSeries[] = [];
    for (const frame of some) {
      for (const series of decodeFrame(frame, decoder)) {
        if (open && continues(open, series)) {
          openBytes += frame.message.length;
          if (openBytes > maxSeriesBytes) {
            throw new MalformedData(
              `a series is over the limit of ${maxSeriesBytes} bytes: ${describeKey(open.key)}`,
            );
          }
          open.content.push(...series.content);
          open.frame = undefined;
        } else {
          if (open) whole.push(open);
          open = series;
          openBytes = frame.message.length;
        }
      }
    }
    if (whole.length > 0) yield whole;
  }
  if (open) yield [open];
}

/** Whether it is the same series. @throws MalformedData if it neither is nor comes after */
function continues(last: EncodedSeries, next: EncodedSeries): boolean {
  if (last.key < next.key) return false;
  if (last.key > next.key) {
    throw new MalformedData(`series out of order: ${describeKey(next.key)} after ${describeKey(last.key)}`);
  }
  if (last.sentLabels.equals(next.sentLabels)) return true;
  throw new MalformedData(
    `two series are the same without the server's external labels: ${describeKey(next.key)}`,
  );
}
