import type { HistogramSample, Labels, MetricFamily } from "./metric-family.ts";

/** Prometheus' text format 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/ */
export function writeText(families: readonly MetricFamily[]): string {
  return families.map((family) => writeFamily(family, "text")).join("");
}

/** OpenMetrics 1.0.0, https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export function writeOpenMetrics(families: readonly MetricFamily[]): string {
  return `${families.map((family) => writeFamily(family, "openmetrics")).join("")}# EOF\n`;
}

type Dialect = "text" | "openmetrics";

function writeFamily(family: MetricFamily, dialect: Dialect): string {
  const { name, help } = family;
  const shown = dialect === "openmetrics" ? openMetricsName(family) : name;
  // The text format has no type for an info: it is a gauge of 1.
  const type = family.kind === "info" && dialect === "text" ? "gauge" : family.kind;
  const head = `# HELP ${shown} ${escapeHelp(help, dialect)}\n# TYPE ${shown} ${type}\n`;
  const samples =
    family.kind === "histogram"
      ? family.samples.map((sample) => writeHistogram(name, sample, dialect))
      : family.samples.map(({ labels, value }) => `${name}${writeLabels(labels)} ${writeNumber(value)}\n`);
  return head + samples.join("");
}

/** OpenMetrics names the family, without the suffix that its type gives the samples. */
function openMetricsName({ kind, name }: MetricFamily): string {
  if (kind === "counter") return name.replace(/_total$/, "");
  return kind === "info" ? name.replace(/_info$/, "") : name;
}

function writeHistogram(name: string, sample: HistogramSample, dialect: Dialect): string {
  const { labels, count, sum, buckets } = sample;
  const bucket = (le: string, value: number) => `${name}_bucket${writeLabels({ ...labels, le })} ${value}\n`;
  const lines = buckets.map((one) => bucket(writeBound(one.upperBound, dialect), one.cumulativeCount));
  lines.push(bucket("+Inf", count));
  lines.push(`${name}_sum${writeLabels(labels)} ${writeNumber(sum)}\n`);
  lines.push(`${name}_count${writeLabels(labels)} ${count}\n`);
  return lines.join("");
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** OpenMetrics wants a bound to look like a float: "1.0", where the text format has "1". */
function writeBound(bound: number, dialect: Dialect): string {
  return dialect === "openmetrics" && Number.isInteger(bound) ? `${bound}.0` : writeNumber(bound);
}

function writeNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function escapeHelp(help: string, dialect: Dialect): string {
  return dialect === "openmetrics"
    ? escapeValue(help)
    : help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
