import { z } from "zod";
import type { Combiner } from "./combiner.ts";
import { type LabelSet, compareLabelSets, labelSet, labelSetKey } from "./label-set.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";

const exemplar = z.object({ labels: labelSet, value: z.string(), timestamp: z.number() });
const seriesExemplars = z.object({ seriesLabels: labelSet, exemplars: z.array(exemplar) });

type Exemplar = z.infer<typeof exemplar>;
type SeriesExemplars = z.infer<typeof seriesExemplars>;

/** The exemplars of all shards: series sorted by their labels, the exemplars of a series by time, each once. */
export const exemplarsCombiner: Combiner<Part<SeriesExemplars[]>> = {
  method: "POST",
  parse: partOf(z.array(seriesExemplars)),
  merge(parts) {
    return successAnswer(unitedExemplars(parts.flatMap(({ data }) => data)), unitedAnnotations(parts));
  },
};

function unitedExemplars(all: readonly SeriesExemplars[]): SeriesExemplars[] {
  const bySeries = new Map<string, { seriesLabels: LabelSet; exemplars: Map<string, Exemplar> }>();
  for (const { seriesLabels, exemplars } of all) {
    const key = labelSetKey(seriesLabels);
    const series = bySeries.get(key) ?? { seriesLabels, exemplars: new Map<string, Exemplar>() };
    bySeries.set(key, series);
    for (const one of exemplars)
      series.exemplars.set(JSON.stringify([one.timestamp, one.value, labelSetKey(one.labels)]), one);
  }
  return [...bySeries.values()]
    .map(({ seriesLabels, exemplars }) => ({
      seriesLabels,
      exemplars: [...exemplars.values()].toSorted((left, right) => left.timestamp - right.timestamp),
    }))
    .toSorted((left, right) => compareLabelSets(left.seriesLabels, right.seriesLabels));
}
