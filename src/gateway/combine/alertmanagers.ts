import { z } from "zod";
import type { Combiner } from "./combiner.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";

const alertmanagers = z.array(z.object({ url: z.string() }));
const discovery = z.object({ activeAlertmanagers: alertmanagers, droppedAlertmanagers: alertmanagers });

/** The Alertmanagers of all shards, each once. */
export const alertmanagersCombiner: Combiner<Part<z.infer<typeof discovery>>> = {
  method: "GET",
  parse: partOf(discovery),
  merge(parts) {
    const data = {
      activeAlertmanagers: united(parts.map((part) => part.data.activeAlertmanagers)),
      droppedAlertmanagers: united(parts.map((part) => part.data.droppedAlertmanagers)),
    };
    return successAnswer(data, unitedAnnotations(parts));
  },
};

function united(lists: readonly { url: string }[][]): { url: string }[] {
  return [...new Set(lists.flat().map(({ url }) => url))].map((url) => ({ url }));
}
