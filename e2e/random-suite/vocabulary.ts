import type { Knowing } from "./fleet-series.ts";

/** Metrics by what may be asked of them; see fleet-series.ts. Names that are no identifiers only where the servers know them. */
export const counters = [
  "requests_total",
  "requests_total",
  "work_total",
  "latency_seconds_count",
  "a b/total",
];
export const gauges = ["temperature", "temperature", "balance", "queue", "session_bytes", "näme.ü", "texts"];
export const small = ["alone", "alone_again", "alone_total", "region_info", "job:work:rate", "only_early"];
export const special = ["odd_values", "odd_values", "tied", "tiny", "huge", "up", "build_info", "ALERTS"];
/** Added up, one server's own order decides whether there is an end to it. */
export const endless = ["overflowing"];
export const natives = ["duration_seconds", "duration_seconds", "mixed_seconds"];
export const buckets = ["latency_seconds_bucket", "latency_seconds_bucket", "shared_seconds_bucket"];
export const floats = [...counters, ...gauges, ...small, ...special, ...buckets];

/** What the names of functions are in a version. */
export interface Vocabulary {
  /** Of a vector alone. */
  ofVectors: readonly string[];
  /** Of a range vector alone. */
  ofRanges: readonly string[];
  /** Of counters and gauges over a range, which they are made for. */
  usual: readonly string[];
  ofNatives: readonly string[];
  smoothing: string;
  sorting: readonly string[];
}

const ofVectors = [
  ..."abs ceil floor sgn sqrt exp ln log2 log10 round".split(" "),
  ..."acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh deg rad".split(" "),
  ..."timestamp timestamp timestamp day_of_month day_of_week day_of_year days_in_month".split(" "),
  ..."hour minute month year".split(" "),
];
const ofRanges = [
  ..."avg_over_time min_over_time max_over_time sum_over_time count_over_time last_over_time".split(" "),
  ..."present_over_time stddev_over_time stdvar_over_time changes resets delta idelta deriv".split(" "),
  ..."rate irate increase".split(" "),
];

/** The words of a version of Prometheus: those of 2.42, or all of 3.16. */
export function vocabulary({ nativeHistograms: isThree }: Knowing): Vocabulary {
  return {
    ofVectors,
    ofRanges: isThree
      ? [
          ...ofRanges,
          ..."first_over_time mad_over_time ts_of_first_over_time ts_of_last_over_time".split(" "),
          ..."ts_of_max_over_time ts_of_min_over_time".split(" "),
        ]
      : ofRanges,
    usual: "rate rate rate increase irate delta deriv avg_over_time max_over_time sum_over_time".split(" "),
    ofNatives: isThree
      ? "histogram_count histogram_sum histogram_avg histogram_stddev histogram_stdvar".split(" ")
      : ["histogram_count"],
    smoothing: isThree ? "double_exponential_smoothing" : "holt_winters",
    sorting: isThree ? ["sort", "sort_desc", "sort_by_label", "sort_by_label_desc"] : ["sort", "sort_desc"],
  };
}
