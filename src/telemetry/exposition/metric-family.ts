/** All samples of one metric name, as a program exposes them; each format writes what it can say of it. */
export type MetricFamily = CounterFamily | GaugeFamily | InfoFamily | HistogramFamily;

export type Labels = Readonly<Record<string, string>>;

interface Family<Kind extends string, S> {
  kind: Kind;
  /** The sample's name: a counter's ends in `_total`, an info's in `_info`; a histogram's has no suffix. */
  name: string;
  help: string;
  samples: readonly S[];
}

export type CounterFamily = Family<"counter", CounterSample>;
export type GaugeFamily = Family<"gauge", Sample>;
/** Samples are always 1; the labels are what is told. */
export type InfoFamily = Family<"info", Sample>;
export type HistogramFamily = Family<"histogram", HistogramSample>;

export interface Sample {
  labels: Labels;
  value: number;
}

export interface CounterSample extends Sample {
  /** ms since 1970: when the counter began at zero. Only the protobuf format tells it. */
  created?: number;
}

export interface HistogramSample {
  labels: Labels;
  count: number;
  sum: number;
  /** Ascending, cumulative, without the last one, +Inf, which is `count`. */
  buckets: readonly ClassicBucket[];
  /** Only the protobuf format tells it. */
  native?: NativeHistogram;
  /** ms since 1970. */
  created?: number;
}

export interface ClassicBucket {
  upperBound: number;
  cumulativeCount: number;
}

/** An exponential histogram of positive values: bucket i holds (2^((i-1)/2^schema), 2^(i/2^schema)]. */
export interface NativeHistogram {
  /** −4 (coarse) to 8 (fine). */
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  /** By index; not cumulative. */
  positive: ReadonlyMap<number, number>;
}
