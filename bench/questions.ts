import { instanceName, metric, seriesPerInstance, written } from "./series.ts";

/** One row of the table. */
export interface Question {
  name: string;
  /** From "/api/v1/". */
  path: string;
  params: Record<string, string>;
}

const span = { start: String(written.start), end: String(written.end) };

const range = (name: string, query: string): Question => ({
  name,
  path: "query_range",
  params: { query, ...span, step: String(written.every) },
});
const instant = (name: string, query: string): Question => ({
  name,
  path: "query",
  params: { query, time: span.end },
});

/** Ten instances, of which there are at least ten: 1,000 series however many there are. */
const tenInstances = `instance=~"app-000[0-9]:9100"`;
const errors = `rate(${metric}{code=~"5.."}[5m])`;
const rates = `rate(${metric}[5m])`;

export const questions: readonly Question[] = [
  range("sum(rate[5m])", `sum(${rates})`),
  range("sum by (job) (rate[5m])", `sum by (job) (${rates})`),
  range("avg by (job) (rate[5m])", `avg by (job) (${rates})`),
  range("quantile(0.9, rate[5m])", `quantile(0.9, ${rates})`),
  range("100 series", `${metric}{${tenInstances}, handler="/api/v1/7"}`),
  range("1,000 series", `${metric}{${tenInstances}}`),
  range("sum by / sum by", `sum by (job) (rate(${metric}{code="500"}[5m])) / sum by (job) (${rates})`),
  instant("instant count by (job)", `count by (job) (${metric})`),
  // as dashboards ask
  range("errors in per cent", `100 * sum by (job) (${errors}) / sum by (job) (${rates})`),
  range("topk(5, sum by (handler))", `topk(5, sum by (handler) (${rates}))`),
  range("one instance, by code", `sum by (code) (rate(${metric}{instance="${instanceName(3)}"}[5m]))`),
  range("rate of ten instances", `rate(${metric}{${tenInstances}, code="200"}[5m])`),
  range("max by (job, code)", `max by (job, code) (${metric})`),
  range("sum by (instance)", `sum by (instance) (${rates})`),
  range("count over a bound", `count(${rates} > 1) or vector(0)`),
  range("increase[30m] by (code)", `sum by (code) (increase(${metric}[30m]))`),
  instant("instant sum(rate[5m])", `sum(${rates})`),
  instant("instant topk(10)", `topk(10, ${rates})`),
  { name: "labels", path: "labels", params: span },
  { name: "label values", path: "label/instance/values", params: span },
  { name: "series (1,000)", path: "series", params: { "match[]": `${metric}{${tenInstances}}`, ...span } },
];

/** Small instant queries that differ: each of one series of another instance. */
export function smallQuestions(series: number): Question[] {
  const instances = Math.min(100, series / seriesPerInstance);
  return Array.from({ length: instances }, (_, index) =>
    instant(
      instanceName(index),
      `${metric}{instance="${instanceName(index)}", handler="/api/v1/7", code="200"}`,
    ),
  );
}

/** The request line's path of a question. */
export function pathOf({ path, params }: Question): string {
  return `/api/v1/${path}?${new URLSearchParams(params).toString()}`;
}
