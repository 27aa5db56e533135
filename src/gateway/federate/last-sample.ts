import type { EncodedSeries } from "../../remote-read/encoded-series.ts";
import { MalformedData } from "../../remote-read/malformed-data.ts";
import { ProtoReader, wireType } from "../../remote-read/proto-reader.ts";
import type { LastSample } from "./untyped-text.ts";

/** Field numbers in Prometheus' prompb/types.proto. */
const fields = { samples: 2, histograms: 4, sample: { value: 1, timestamp: 2 }, histogramTimestamp: 15 };
const staleMarker = 0x7ff0000000000002n;

/**
 * The last sample of a series, from an answer of samples.
 * @returns undefined where /federate shows none: it is a stale marker or a native histogram, or the series has no name
 * @throws MalformedData
 */
export function lastSample(series: EncodedSeries): LastSample | undefined {
  let last: { time: number; value: number } | undefined;
  let lastHistogram = Number.NEGATIVE_INFINITY;
  for (const content of series.content) {
    const reader = new ProtoReader(content);
    let from = -1;
    let to = -1;
    while (reader.next()) {
      if (reader.field === fields.samples) {
        reader.bytes();
        [from, to] = [reader.from, reader.to];
      } else if (reader.field === fields.histograms)
        lastHistogram = Math.max(lastHistogram, timeOfHistogram(reader.message()));
      else reader.skip();
    }
    if (from >= 0) last = sampleOf(new ProtoReader(content, from, to));
  }
  if (!last || Number.isNaN(last.time) || lastHistogram > last.time) return undefined;
  const labels = labelsOf(series.labels);
  const name = labels.find(([label]) => label === "__name__")?.[1];
  return name === undefined || name === ""
    ? undefined
    : { name, labels: labels.filter(([label]) => label !== "__name__"), ...last };
}

/** The time is NaN where it is a stale marker. @throws MalformedData */
function sampleOf(sample: ProtoReader): { time: number; value: number } {
  let value = 0;
  let time = 0;
  let isStale = false;
  while (sample.next()) {
    if (sample.field === fields.sample.value && sample.type === wireType.fixed64) {
      const at = sample.position;
      sample.skip();
      value = sample.buffer.readDoubleLE(at);
      isStale = Number.isNaN(value) && sample.buffer.readBigUInt64LE(at) === staleMarker;
    } else if (sample.field === fields.sample.timestamp) time = Number(sample.int64());
    else sample.skip();
  }
  if (!Number.isSafeInteger(time)) throw new MalformedData("a sample is of no time");
  return { time: isStale ? Number.NaN : time, value };
}

function timeOfHistogram(histogram: ProtoReader): number {
  let time = 0;
  while (histogram.next()) {
    if (histogram.field === fields.histogramTimestamp) time = Number(histogram.int64());
    else histogram.skip();
  }
  return time;
}

function labelsOf(encoded: Buffer): [name: string, value: string][] {
  const found: [string, string][] = [];
  const reader = new ProtoReader(encoded);
  while (reader.next()) {
    const label = reader.message();
    let name = "";
    let value = "";
    while (label.next()) {
      if (label.field === 1) name = label.string();
      else if (label.field === 2) value = label.string();
      else label.skip();
    }
    found.push([name, value]);
  }
  return found;
}
