import { z } from "zod";
import type { Combiner } from "./combiner.ts";
import { unitedStrings } from "./string-lists.ts";
import { type Part, partOf, successAnswer, unitedAnnotations } from "./success-answer.ts";

/** The names of the scrape pools of all shards. */
export const scrapePoolsCombiner: Combiner<Part<{ scrapePools: string[] }>> = {
  method: "GET",
  parse: partOf(z.object({ scrapePools: z.array(z.string()) })),
  merge(parts) {
    const scrapePools = unitedStrings(parts.map(({ data }) => data.scrapePools));
    return successAnswer({ scrapePools }, unitedAnnotations(parts));
  },
};
