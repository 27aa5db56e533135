import { MalformedData } from "../remote-read/malformed-data.ts";
import { ProtoReader, wireType } from "../remote-read/proto-reader.ts";

/** Field numbers in Prometheus' prompb/types.proto. */
const fields = { samples: 2, histograms: 4, sample: { value: 1, timestamp: 2 }, histogramTimestamp: 15 };

/** One sample of a series as it came over the wire. */
export interface EncodedSample {
  /** ms since 1970 */
  time: number;
  isHistogram: boolean;
  /** The whole field, tag and length included: a sample means the same in an answer to a read and in a remote write. */
  bytes: Buffer;
}

/** The samples and native histograms of a series in time order; values are not looked at. @throws MalformedData */
export function samplesOf(content: readonly Buffer[]): EncodedSample[] {
  const found: EncodedSample[] = [];
  for (const piece of content) {
    const reader = new ProtoReader(piece);
    for (let from = reader.position; reader.next(); from = reader.position) {
      const isHistogram = reader.field === fields.histograms;
      if (!isHistogram && reader.field !== fields.samples) {
        reader.skip();
        continue;
      }
      const time = timeIn(
        reader.message(),
        isHistogram ? fields.histogramTimestamp : fields.sample.timestamp,
      );
      found.push({ time, isHistogram, bytes: piece.subarray(from, reader.position) });
    }
  }
  // an answer lists all floats of a series, then all histograms
  return found.toSorted((left, right) => left.time - right.time);
}

function timeIn(sample: ProtoReader, field: number): number {
  let time = 0;
  while (sample.next()) {
    if (sample.field === field) time = Number(sample.int64());
    else sample.skip();
  }
  if (!Number.isSafeInteger(time)) throw new MalformedData("a sample is of no time");
  return time;
}

/** The largest value of the float samples, 0 where there is none above it: how long scrapes took. @throws MalformedData */
export function largestValue(samples: readonly EncodedSample[]): number {
  let largest = 0;
  for (const { bytes, isHistogram } of samples) {
    if (isHistogram) continue;
    const field = new ProtoReader(bytes);
    field.next();
    const sample = field.message();
    while (sample.next()) {
      const at = sample.position;
      sample.skip();
      if (sample.field !== fields.sample.value || sample.type !== wireType.fixed64) continue;
      const value = bytes.readDoubleLE(at);
      if (value > largest) largest = value;
    }
  }
  return largest;
}
