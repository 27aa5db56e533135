import { z } from "zod";
import { type Combiner, integerParam, withoutParams } from "./combiner.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";
import { compareUtf8 } from "./utf8-order.ts";

interface MetricMetadata {
  type: string;
  help: string;
  unit: string;
}

const byMetric = z.custom<Record<string, MetricMetadata[]>>(
  (value) => typeof value === "object" && value !== null,
);

/**
 * The metadata of all metrics, each different entry of a metric once. `limit` counts metrics and `limit_per_metric` the
 * entries of one. Prometheus takes any metrics up to the limit; here they are the first ones, so that it is always the same.
 */
export const metadataCombiner: Combiner<Part<Record<string, MetricMetadata[]>>> = {
  method: "GET",
  // two shards would each leave out other metrics, and with them entries of those that the other one has
  ask: (params) => (integerParam(params, "limit") === undefined ? params : withoutParams(params, "limit")),
  parse: partOf(byMetric),
  merge(parts, params) {
    const limit = integerParam(params, "limit") ?? -1;
    const perMetric = integerParam(params, "limit_per_metric") ?? -1;
    const metrics = [...unitedMetadata(parts.map(({ data }) => data))]
      .toSorted(([left], [right]) => compareUtf8(left, right))
      .slice(0, limit >= 0 ? limit : undefined)
      .map(([name, entries]) => [name, perMetric > 0 ? entries.slice(0, perMetric) : entries] as const);
    return successAnswer(Object.fromEntries(metrics), unitedAnnotations(parts));
  },
};

function unitedMetadata(
  parts: readonly Readonly<Record<string, readonly MetricMetadata[]>>[],
): Map<string, MetricMetadata[]> {
  const all = new Map<string, Map<string, MetricMetadata>>();
  for (const part of parts)
    for (const [metric, entries] of Object.entries(part)) {
      const known = all.get(metric) ?? new Map<string, MetricMetadata>();
      all.set(metric, known);
      for (const entry of entries) known.set(JSON.stringify([entry.type, entry.help, entry.unit]), entry);
    }
  return new Map([...all].map(([metric, entries]) => [metric, [...entries.values()]]));
}
