import { ProtoWriter } from "../../remote-read/proto-writer.ts";
import { compareLabelTexts } from "../combine/label-text-order.ts";
import { type LabelSet } from "../combine/label-set.ts";
import { type Samples, samplesOf } from "../distribute/element-samples.ts";
import type { ResultElement } from "../distribute/result-elements.ts";

/** The bits of Prometheus' own NaN, and of the one that says that a series is not there any more. */
const nanBits = 0x7ff8000000000001n;
const staleBits = 0x7ff0000000000002n;

/**
 * The answer to a remote read, a QueryResult of the protocol, for a part that was evaluated.
 * @param stepMs from one time of the query to the next; 0 where there is only one: where a series is not there at the next one a stale
 *   marker stands, or the evaluator would look back to the sample before
 * @throws NotDistributed where there are native histograms
 */
export function encodePart(elements: readonly ResultElement[], stepMs: number, endMs: number): Buffer {
  const result = new ProtoWriter();
  const sorted = elements.toSorted((left, right) => compareLabelTexts(left.metric, right.metric));
  for (const element of sorted) {
    const series = new ProtoWriter();
    for (const [name, value] of labelsOf(element.metric))
      series.bytes(1, new ProtoWriter().string(1, name).string(2, value).finish());
    const samples = encodeSamples(samplesOf(element), stepMs, endMs);
    result.bytes(1, Buffer.concat([series.finish(), samples]));
  }
  return result.finish();
}

/** In the order of their names' bytes, as the text has them. */
function labelsOf(metric: string): [string, string][] {
  const labels = JSON.parse(Buffer.from(metric, "latin1").toString()) as LabelSet;
  return Object.entries(labels).toSorted(([left], [right]) =>
    Buffer.compare(Buffer.from(left), Buffer.from(right)),
  );
}

/** Bytes of a sample at most: its tag and length, the value, the time. */
const sampleBytes = 2 + 9 + 11;

function encodeSamples({ times, values }: Samples, stepMs: number, endMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(2 * times.length * sampleBytes);
  let at = 0;
  const write = (time: number, bits: bigint | undefined, value: number) => {
    const lengthAt = at + 1;
    bytes[at] = 0x12;
    at += 2;
    const from = at;
    bytes[at++] = 0x09;
    if (bits === undefined) bytes.writeDoubleLE(value, at);
    else bytes.writeBigUInt64LE(bits, at);
    at += 8;
    bytes[at++] = 0x10;
    at = writeTime(bytes, at, time);
    bytes[lengthAt] = at - from;
  };
  for (const [index, time] of times.entries()) {
    const value = values[index] ?? Number.NaN;
    write(time, Number.isNaN(value) ? nanBits : undefined, value);
    const next = time + stepMs;
    if (stepMs > 0 && next <= endMs && times[index + 1] !== next) write(next, staleBits, 0);
  }
  return bytes.subarray(0, at);
}

/** An int64 as a varint. */
function writeTime(bytes: Buffer, from: number, time: number): number {
  let at = from;
  let rest = BigInt.asUintN(64, BigInt(time));
  for (; rest >= 128n; rest >>= 7n) bytes[at++] = Number(rest & 0x7fn) | 0x80;
  bytes[at++] = Number(rest);
  return at;
}

/** A message with the results of all selectors of one read. */
export function encodePartResponse(parts: readonly Buffer[]): Buffer {
  const response = new ProtoWriter();
  for (const part of parts) response.bytes(1, part);
  return response.finish();
}
