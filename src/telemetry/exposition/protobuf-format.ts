import type { Labels, MetricFamily, NativeHistogram } from "./metric-family.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

const types = { counter: 0, gauge: 1, info: 1, histogram: 4 } as const;

/**
 * The length-delimited protobuf format, message io.prometheus.client.MetricFamily of
 * https://github.com/prometheus/client_model: the only one that carries native histograms.
 */
export function writeProtobuf(families: readonly MetricFamily[]): Buffer {
  const out = new ProtobufWriter();
  for (const family of families) out.delimited((message) => writeFamily(message, family));
  return out.bytes();
}

function writeFamily(out: ProtobufWriter, family: MetricFamily): void {
  out.string(1, family.name);
  out.string(2, family.help);
  out.uint(3, types[family.kind]);
  switch (family.kind) {
    case "gauge":
    case "info":
      for (const { labels, value } of family.samples)
        out.message(4, (metric) => {
          writeLabels(metric, labels);
          metric.message(2, (gauge) => gauge.double(1, value));
        });
      break;
    case "counter":
      for (const { labels, value, created } of family.samples)
        out.message(4, (metric) => {
          writeLabels(metric, labels);
          metric.message(3, (counter) => {
            counter.double(1, value);
            writeTime(counter, 3, created);
          });
        });
      break;
    case "histogram":
      for (const { labels, count, sum, buckets, native, created } of family.samples)
        out.message(4, (metric) => {
          writeLabels(metric, labels);
          metric.message(7, (histogram) => {
            histogram.uint(1, count);
            histogram.double(2, sum);
            for (const { upperBound, cumulativeCount } of [
              ...buckets,
              { upperBound: Infinity, cumulativeCount: count },
            ])
              histogram.message(3, (bucket) => {
                bucket.uint(1, cumulativeCount);
                bucket.double(2, upperBound);
              });
            if (native) writeNative(histogram, native);
            writeTime(histogram, 15, created);
          });
        });
      break;
  }
}

function writeNative(histogram: ProtobufWriter, native: NativeHistogram): void {
  histogram.sint(5, native.schema);
  histogram.double(6, native.zeroThreshold);
  histogram.uint(7, native.zeroCount);
  const { spans, deltas } = toSpans(native.positive);
  for (const span of spans)
    histogram.message(12, (out) => {
      out.sint(1, span.offset);
      out.uint(2, span.length);
    });
  histogram.packedSints(13, deltas);
}

interface Span {
  /** The first one's from index 0, the others' from the end of the span before. */
  offset: number;
  length: number;
}

/** Buckets as spans of neighbours; a count is told as its difference from the bucket's before. Empty buckets are left out. */
export function toSpans(buckets: ReadonlyMap<number, number>): { spans: Span[]; deltas: number[] } {
  const spans: Span[] = [];
  const deltas: number[] = [];
  let next = 0;
  let before = 0;
  for (const [index, count] of [...buckets].toSorted(([one], [other]) => one - other)) {
    if (count === 0) continue;
    const last = spans.at(-1);
    if (last && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    deltas.push(count - before);
    before = count;
    next = index + 1;
  }
  return { spans, deltas };
}

function writeLabels(metric: ProtobufWriter, labels: Labels): void {
  for (const [name, value] of Object.entries(labels))
    metric.message(1, (pair) => {
      pair.string(1, name);
      pair.string(2, value);
    });
}

function writeTime(out: ProtobufWriter, field: number, ms: number | undefined): void {
  if (ms === undefined) return;
  out.message(field, (time) => {
    time.uint(1, Math.floor(ms / 1000));
    time.uint(2, Math.round((ms % 1000) * 1e6));
  });
}
