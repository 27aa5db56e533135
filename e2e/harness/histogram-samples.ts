import { ProtoWriter } from "../../src/remote-read/proto-writer.ts";
import { encodeSeries, staleBits } from "./remote-write.ts";
import { compress } from "snappy";
import { ask } from "./http.ts";

/** A series of native histograms that count up, schema 3, three buckets. */
export interface HistogramSeries {
  labels: Record<string, string>;
  /** [ms, observations so far], or a stale marker */
  samples: readonly (readonly [number, number | "stale"])[];
}

/** Sends native histograms to a server's remote write receiver. @throws when they are refused */
export async function remoteWriteHistograms(base: string, all: readonly HistogramSeries[]): Promise<void> {
  const request = new ProtoWriter();
  for (const { labels, samples } of all) {
    const histograms = new ProtoWriter();
    for (const [time, count] of samples) histograms.bytes(4, encodeHistogram(time, count));
    request.bytes(1, Buffer.concat([encodeSeries({ labels, samples: [] }), histograms.finish()]));
  }
  const answer = await ask(`${base}/api/v1/write`, {
    method: "POST",
    headers: {
      "Content-Type": "application/x-protobuf",
      "Content-Encoding": "snappy",
      "X-Prometheus-Remote-Write-Version": "0.1.0",
    },
    body: await compress(request.finish()),
  });
  if (answer.status >= 300)
    throw new Error(`remote write: ${answer.status} ${answer.body.toString().trim()}`);
}

/** A prometheus.Histogram: a quarter of the observations in the first bucket, a quarter in the second, the rest in the third. */
function encodeHistogram(time: number, count: number | "stale"): Buffer {
  if (count === "stale")
    return Buffer.concat([bits(3, staleBits), new ProtoWriter().int64(15, BigInt(time)).finish()]);
  const quarter = Math.floor(count / 4);
  const buckets = [quarter, quarter, count - 2 * quarter];
  const deltas = buckets.map((bucket, index) => bucket - (buckets[index - 1] ?? 0));
  const span = new ProtoWriter().uint(2, buckets.length).finish();
  return Buffer.concat([
    new ProtoWriter().uint(1, count).finish(),
    double(3, count * 1.25),
    // schema 3, zigzag
    new ProtoWriter().uint(4, 6).finish(),
    double(5, 1e-128),
    new ProtoWriter().bytes(11, span).finish(),
    new ProtoWriter().bytes(12, Buffer.concat(deltas.map(zigzag))).finish(),
    new ProtoWriter().int64(15, BigInt(time)).finish(),
  ]);
}

/** A double by its bits: JavaScript does not keep those of a NaN. */
function bits(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = field * 8 + 1;
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = field * 8 + 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function zigzag(value: number): Buffer {
  const encoded = value < 0 ? -2 * value - 1 : 2 * value;
  // a field without its tag; a zero is a byte too
  return encoded === 0 ? Buffer.from([0]) : new ProtoWriter().uint(1, encoded).finish().subarray(1);
}
