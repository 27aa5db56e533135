import { z } from "zod";
import type { Combiner } from "./combiner.ts";
import { labelSet, labelSetKey } from "./label-set.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";

export const alertShape = z.looseObject({
  labels: labelSet,
  state: z.string(),
  activeAt: z.string().optional(),
});

export type Alert = z.infer<typeof alertShape>;

/** The alerts of all shards, each once. */
export const alertsCombiner: Combiner<Part<{ alerts: Alert[] }>> = {
  method: "GET",
  parse: partOf(z.object({ alerts: z.array(alertShape) })),
  merge(parts) {
    const alerts = unitedAlerts(parts.map(({ data }) => data.alerts));
    return successAnswer({ alerts }, unitedAnnotations(parts));
  },
};

const states = ["unknown", "inactive", "pending", "firing"];

/** The worse of two states of alerts or alerting rules. */
export function worseState(left: string, right: string): string {
  return states.indexOf(right) > states.indexOf(left) ? right : left;
}

/**
 * An alert is what has the same labels. Where several shards have it (their rule reads what every shard scrapes), the one in
 * the worst state stands for all, and of those the one that has been active for the longest time.
 */
export function unitedAlerts(lists: readonly (readonly Alert[])[]): Alert[] {
  const byLabels = new Map<string, Alert>();
  for (const alert of lists.flat()) {
    const key = labelSetKey(alert.labels);
    const known = byLabels.get(key);
    if (!known || standsBefore(alert, known)) byLabels.set(key, alert);
  }
  return [...byLabels.values()];
}

function standsBefore(alert: Alert, known: Alert): boolean {
  if (alert.state !== known.state) return worseState(alert.state, known.state) === alert.state;
  return Date.parse(alert.activeAt ?? "") < Date.parse(known.activeAt ?? "");
}
