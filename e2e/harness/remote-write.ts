import { compress } from "snappy";
import { ask } from "./http.ts";

/** Series as the sample files have them: values in Prometheus' own notation, "stale" for a stale marker. */
export interface WrittenSeries {
  labels: Record<string, string>;
  /** [ms, value] */
  samples: readonly (readonly [number, string])[];
}

/** The NaN that is a stale marker; of a native histogram, its sum. */
export const staleBits = 0x7ff0000000000002n;
const nanBits = 0x7ff8000000000001n;

/** Sends series to a server's remote write receiver, in requests of about 10,000 samples. @throws when one is refused */
export async function remoteWrite(base: string, series: readonly WrittenSeries[]): Promise<void> {
  let batch: Buffer[] = [];
  let samples = 0;
  const send = async () => {
    if (batch.length === 0) return;
    const body = await compress(Buffer.concat(batch));
    const heard = await ask(`${base}/api/v1/write`, {
      method: "POST",
      headers: {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
      },
      body,
      withinMs: 60_000,
    });
    if (heard.status >= 300) throw new Error(`remote write: ${heard.status} ${heard.body.toString().trim()}`);
    batch = [];
    samples = 0;
  };
  for (const one of series) {
    batch.push(field(1, encodeSeries(one)));
    samples += one.samples.length;
    if (samples >= 10_000) await send();
  }
  await send();
}

/** A prometheus.TimeSeries message: labels = 1 {name = 1, value = 2}, samples = 2 {value = 1, timestamp = 2}. */
export function encodeSeries(series: WrittenSeries): Buffer {
  const parts: Buffer[] = [];
  // the receiver wants labels in byte order
  const names = Object.keys(series.labels).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const value = Buffer.from(series.labels[name] ?? "");
    parts.push(field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, value)])));
  }
  for (const [time, value] of series.samples) {
    const double = Buffer.alloc(9);
    double[0] = (1 << 3) | 1;
    double.writeBigUInt64LE(bitsOf(value), 1);
    parts.push(field(2, Buffer.concat([double, Buffer.from([2 << 3]), varint(time)])));
  }
  return Buffer.concat(parts);
}

/** The bits of a value: JavaScript does not keep the payload of a NaN, and a stale marker is one. */
function bitsOf(value: string): bigint {
  if (value === "stale") return staleBits;
  if (value === "NaN") return nanBits;
  const number = value.endsWith("Inf") ? Number(value.replace("Inf", "Infinity")) : Number(value);
  if (Number.isNaN(number)) throw new Error(`not a sample value: ${value}`);
  return new BigUint64Array(new Float64Array([number]).buffer)[0] ?? 0n;
}

/** A length-delimited field. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content]);
}

/** Of a whole number from 0 to 2^53. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
