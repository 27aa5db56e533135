import { bytesHeader } from "../remote-read/proto-writer.ts";
import type { EncodedSample } from "./series-samples.ts";

/** Samples of a request; the last series of one may go beyond. */
const enough = 5000;

/** What a series is to get. */
export interface SeriesToWrite {
  /** Encoded label fields. */
  labels: Buffer;
  samples: readonly EncodedSample[];
}

/** Remote write requests of a bounded size; the samples of a series are never split over two. */
export function* writeRequests(
  all: readonly SeriesToWrite[],
): Generator<{ message: Buffer; series: number; samples: number }, void, undefined> {
  let pieces: Buffer[] = [];
  let series = 0;
  let samples = 0;
  const request = () => ({ message: Buffer.concat(pieces), series, samples });
  for (const one of all) {
    const body = [one.labels, ...one.samples.map(({ bytes }) => bytes)];
    const size = body.reduce((sum, piece) => sum + piece.length, 0);
    pieces.push(bytesHeader(1, size), ...body);
    series++;
    samples += one.samples.length;
    if (samples < enough) continue;
    yield request();
    [pieces, series, samples] = [[], 0, 0];
  }
  if (series > 0) yield request();
}
