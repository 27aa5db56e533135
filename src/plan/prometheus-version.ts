/** What a version of Prometheus can do, as far as promfleet cares. The only module that knows version numbers. */
export interface PrometheusFeatures {
  /** "3.16.0" */
  version: string;
  major: number;
  /** Copies a query's traceparent trace id onto its remote reads when tracing is configured. */
  readsCarryTraceId: boolean;
  /** As an evaluator, asks remote reads for STREAMED_XOR_CHUNKS instead of SAMPLES. */
  readsChunks: boolean;
  /** Gives native histograms to remote reads for samples and, as an evaluator, takes them; older ones drop them without a word. */
  readsHistograms: boolean;
  /** Serves /api/v1/parse_query. */
  parseQueryApi: boolean;
  /** Serves /api/v1/format_query. */
  formatQueryApi: boolean;
  /** Takes `limit` on series, labels and label values. */
  labelLimits: boolean;
  /** How native histograms are scraped: not at all, by a feature flag, or by `scrape_native_histograms` in the configuration. */
  nativeHistograms: "none" | "flag" | "config";
  /**
   * Does not say that it leaves out the sum or average of a group which has floats and native histograms; with these switched off there
   * are no such groups.
   */
  hidesMixedGroups: boolean;
  /** As an evaluator, knows `chunked_read_limit` of remote_read. */
  chunkedReadLimit: boolean;
  /** Knows `filter_external_labels` of remote_read. */
  filterExternalLabels: boolean;
  /** Which late samples it takes where `out_of_order_time_window` is set: none, those with a float value, native histograms too. */
  lateSamples: "none" | "floats" | "all";
}

/** @param version as /api/v1/status/buildinfo or --version prints it: "2.42.0+ds", "3.16.0" */
export function prometheusFeatures(version: string): PrometheusFeatures {
  const [major = 0, minor = 0] = version.split(".").map((part) => Number.parseInt(part, 10) || 0);
  const since = (wantMajor: number, wantMinor: number) =>
    major > wantMajor || (major === wantMajor && minor >= wantMinor);
  return {
    version,
    major,
    readsCarryTraceId: since(3, 0),
    readsChunks: since(2, 55),
    readsHistograms: since(2, 44),
    parseQueryApi: since(3, 0),
    formatQueryApi: since(2, 40),
    labelLimits: since(2, 54),
    nativeHistograms: since(3, 8) ? "config" : since(2, 40) ? "flag" : "none",
    hidesMixedGroups: since(2, 40) && !since(3, 0),
    chunkedReadLimit: since(2, 55),
    filterExternalLabels: since(2, 34),
    lateSamples: since(3, 4) ? "all" : since(2, 39) ? "floats" : "none",
  };
}
