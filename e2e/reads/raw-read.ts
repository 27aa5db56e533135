import { crc32c } from "@node-rs/crc32";
import { type EncodedSeries, SeriesDecoder } from "../../src/remote-read/encoded-series.ts";
import { FrameSplitter } from "../../src/remote-read/frame.ts";
import { describeKey } from "../../src/remote-read/label-key.ts";
import { ProtoReader } from "../../src/remote-read/proto-reader.ts";
import { type ReadQuery, encodeReadRequest } from "../../src/remote-read/read-request.ts";
import { compressBlock, uncompressBlock } from "../../src/remote-read/snappy-block.ts";
import { type Heard, ask } from "../harness/http.ts";
import { xorChunkSamples } from "./xor-chunk.ts";

export type Form = "samples" | "chunks";

/** What a read has found, by query: its series in order, each with its samples as text. */
export type Found = readonly (readonly FoundSeries[])[];

export interface FoundSeries {
  labels: string;
  /** "ms bits" of floats; of native histograms "ms content" from an answer of samples, "from to count" of each chunk from one of chunks. */
  samples: readonly string[];
}

/** Bytes of a remote read request that takes only one form of answers. */
export function readBody(queries: readonly ReadQuery[], form: Form): Buffer {
  return compressBlock(encodeReadRequest({ queries, acceptedResponseTypes: form === "chunks" ? [1] : [0] }));
}

export const readHeaders = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-read-version": "0.1.0",
};

/** One remote read. @throws where the answer is cut; any status is an answer */
export async function askRead(
  base: string,
  queries: readonly ReadQuery[],
  form: Form,
  more: Readonly<Record<string, string>> = {},
): Promise<Heard> {
  return await ask(`${base}/api/v1/read`, {
    method: "POST",
    headers: { ...readHeaders, ...more },
    body: readBody(queries, form),
    withinMs: 60_000,
  });
}

/** What a read finds. @throws where it is not answered with 200, or its answer is not right */
export async function readAll(
  base: string,
  queries: readonly ReadQuery[],
  form: Form,
  more: Readonly<Record<string, string>> = {},
): Promise<Found> {
  const heard = await askRead(base, queries, form, more);
  if (heard.status !== 200) throw new Error(`a read: ${heard.status} ${heard.body.toString().trim()}`);
  return foundIn(heard.body, queries.length, form);
}

/** @throws where an answer is not whole */
export function foundIn(body: Buffer, queries: number, form: Form): Found {
  return form === "chunks" ? inFrames(body, queries) : inSamples(body);
}

function inFrames(body: Buffer, queries: number): Found {
  const found = Array.from({ length: queries }, (): FoundSeries[] => []);
  const splitter = new FrameSplitter(1024 ** 3);
  const frames = splitter.push(body);
  splitter.end();
  for (const { message } of frames) {
    const reader = new ProtoReader(message);
    const series: EncodedSeries[] = [];
    let query = 0;
    while (reader.next()) {
      if (reader.field === 1) {
        reader.bytes();
        series.push(new SeriesDecoder(undefined).decode(message, reader.from, reader.to));
      } else if (reader.field === 2) query = reader.enumeration();
      else reader.skip();
    }
    for (const one of series) {
      const last = found[query]?.at(-1);
      const labels = describe(one);
      const samples = chunkTexts(one);
      // a server cuts long series over frames
      if (last?.labels === labels)
        found[query]?.splice(-1, 1, { labels, samples: [...last.samples, ...samples] });
      else found[query]?.push({ labels, samples });
    }
  }
  return found;
}

function inSamples(body: Buffer): Found {
  const message = uncompressBlock(body);
  const reader = new ProtoReader(message);
  const found: FoundSeries[][] = [];
  while (reader.next()) {
    const result = reader.message();
    const series: FoundSeries[] = [];
    while (result.next()) {
      result.bytes();
      const one = new SeriesDecoder(undefined).decode(message, result.from, result.to);
      series.push({ labels: describe(one), samples: sampleTexts(one) });
    }
    // a server has no order here
    found.push(series.toSorted((left, right) => (left.labels < right.labels ? -1 : 1)));
  }
  return found;
}

/** What describes a series for people may be cut: with a number of all of its bytes. */
function describe({ key, labels }: EncodedSeries): string {
  return `${describeKey(key)} ${crc32c(labels)}`;
}

function chunkTexts({ content }: EncodedSeries): string[] {
  return content.flatMap((fields) => {
    const texts: string[] = [];
    const reader = new ProtoReader(fields);
    while (reader.next()) {
      const chunk = reader.message();
      let [from, to, encoding] = [0n, 0n, 0];
      let data = Buffer.alloc(0);
      while (chunk.next()) {
        if (chunk.field === 1) from = chunk.int64();
        else if (chunk.field === 2) to = chunk.int64();
        else if (chunk.field === 3) encoding = chunk.enumeration();
        else {
          chunk.bytes();
          data = Buffer.from(fields.subarray(chunk.from, chunk.to));
        }
      }
      if (encoding === 1) for (const { time, bits } of xorChunkSamples(data)) texts.push(`${time} ${bits}`);
      else texts.push(`${from} ${to} ${data.readUInt16BE(0)} histograms`);
    }
    return texts;
  });
}

const fields = { samples: 2, resetHint: 14, timestamp: 15 };

function sampleTexts({ content }: EncodedSeries): string[] {
  return content.flatMap((bytes) => {
    const texts: string[] = [];
    const reader = new ProtoReader(bytes);
    while (reader.next()) {
      const isFloat = reader.field === fields.samples;
      const sample = reader.message();
      texts.push(isFloat ? floatText(bytes, sample) : histogramText(bytes, sample));
    }
    return texts;
  });
}

function floatText(bytes: Buffer, sample: ProtoReader): string {
  let [time, bits] = [0n, 0n];
  while (sample.next()) {
    if (sample.field === 1) {
      bits = bytes.readBigUInt64LE(sample.position);
      sample.skip();
    } else time = sample.int64();
  }
  return `${time} ${bits}`;
}

/** Without what a chunk says of resets, which depends on where it begins. */
function histogramText(bytes: Buffer, histogram: ProtoReader): string {
  let time = 0n;
  let content = "";
  let begin = histogram.position;
  while (histogram.next()) {
    const { field } = histogram;
    if (field === fields.timestamp) time = histogram.int64();
    else histogram.skip();
    if (field !== fields.timestamp && field !== fields.resetHint)
      content += bytes.toString("hex", begin, histogram.position);
    begin = histogram.position;
  }
  return `${time} ${content}`;
}

/**
 * Of chunks of native histograms only how many samples they hold together is the same wherever they begin. A server that has a chunk of the
 * time without a sample of it shows the series empty: which has such a chunk depends on where chunks begin, too.
 */
export function comparable(found: Found): Found {
  return found.map((all) =>
    all.flatMap(({ labels, samples }) => {
      if (samples.length === 0) return [];
      const chunks = samples.filter((text) => text.endsWith(" histograms")).map((text) => text.split(" "));
      if (chunks.length === 0) return [{ labels, samples }];
      const count = chunks.reduce((sum, [, , some]) => sum + Number(some), 0);
      const floats = samples.filter((text) => !text.endsWith(" histograms"));
      return [
        { labels, samples: [...floats, `${chunks[0]?.[0]} ${chunks.at(-1)?.[1]} ${count} histograms`] },
      ];
    }),
  );
}

/** The first difference between what two reads have found. */
export function difference(want: Found, got: Found): string | undefined {
  if (want.length !== got.length) return `${got.length} results instead of ${want.length}`;
  for (const [query, series] of want.entries()) {
    const other = got[query] ?? [];
    for (const [at, one] of series.entries()) {
      const their = other[at];
      if (their?.labels !== one.labels)
        return `query ${query}: ${their?.labels ?? "nothing"} instead of ${one.labels}`;
      const place = one.samples.findIndex((sample, index) => their.samples[index] !== sample);
      if (place >= 0 || one.samples.length !== their.samples.length)
        return `query ${query}: ${one.labels}: ${their.samples[place]} instead of ${one.samples[place]}, ${their.samples.length} samples instead of ${one.samples.length}`;
    }
    if (other.length > series.length) return `query ${query}: ${other[series.length]?.labels} is too many`;
  }
  return undefined;
}

/** How many series and samples a read has found. */
export function countOf(found: Found): { series: number; samples: number } {
  const all = found.flat();
  return { series: all.length, samples: all.reduce((sum, { samples }) => sum + samples.length, 0) };
}
