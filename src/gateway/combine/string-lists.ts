import { z } from "zod";
import type { Combiner } from "./combiner.ts";
import { limited } from "./result-limit.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";
import { compareUtf8 } from "./utf8-order.ts";

/** Names of labels, values of a label: what any shard has, each once, sorted. */
export function stringListCombiner(method: "GET" | "POST"): Combiner<Part<string[]>> {
  return {
    method,
    ofTimes: true,
    parse: partOf(z.array(z.string())),
    merge(parts, params) {
      const { kept, warnings } = limited(unitedStrings(parts.map(({ data }) => data)), params);
      return successAnswer(kept, unitedAnnotations(parts, ...warnings));
    },
  };
}

/** Each string once, in Prometheus' order. */
export function unitedStrings(lists: readonly (readonly string[])[]): string[] {
  const all = new Set<string>();
  for (const list of lists) for (const one of list) all.add(one);
  return [...all].toSorted(compareUtf8);
}
