import type { EncodedSeries } from "../remote-read/encoded-series.ts";
import { MalformedData } from "../remote-read/malformed-data.ts";
import { ProtoReader, wireType } from "../remote-read/proto-reader.ts";

/** Field numbers in Prometheus' prompb/types.proto. */
const fields = { samples: 2, sample: { value: 1, timestamp: 2 } };

/** When a target was scraped well. */
export interface GoodScrapes {
  /** The target's labels without external ones, sorting like them (label-key.ts). */
  key: string;
  job: string;
  instance: string;
  /** Of samples of `up` that are 1; ms, ascending. */
  times: number[];
  /** Of the samples of `up` that are anything else; ms, ascending. */
  bad: number[];
}

/** Reads a series of `up` from an answer of samples. @throws MalformedData */
export function goodScrapes(series: EncodedSeries): GoodScrapes {
  const { job, instance } = identityOf(series.labels);
  const found: GoodScrapes = { key: series.key, job, instance, times: [], bad: [] };
  for (const content of series.content) {
    const reader = new ProtoReader(content);
    while (reader.next()) {
      if (reader.field !== fields.samples) {
        reader.skip();
        continue;
      }
      const { value, time } = sampleOf(reader.message());
      (value === 1 ? found.times : found.bad).push(time);
    }
  }
  return found;
}

function identityOf(labels: Buffer): { job: string; instance: string } {
  const found: Record<string, string> = {};
  const reader = new ProtoReader(labels);
  while (reader.next()) {
    const label = reader.message();
    let name = "";
    let value = "";
    while (label.next()) {
      if (label.field === 1) name = label.string();
      else if (label.field === 2) value = label.string();
      else label.skip();
    }
    if (name === "job" || name === "instance") found[name] = value;
  }
  return { job: found["job"] ?? "", instance: found["instance"] ?? "" };
}

function sampleOf(sample: ProtoReader): { value: number; time: number } {
  let value = 0;
  let time = 0;
  while (sample.next()) {
    if (sample.field === fields.sample.value && sample.type === wireType.fixed64) {
      const at = sample.position;
      sample.skip();
      value = sample.buffer.readDoubleLE(at);
    } else if (sample.field === fields.sample.timestamp) time = Number(sample.int64());
    else sample.skip();
  }
  if (!Number.isSafeInteger(time)) throw new MalformedData("a sample is of no time");
  return { value, time };
}
