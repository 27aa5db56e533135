import type { Dispatcher } from "undici";
import { z } from "zod";
import type { Replica } from "../router/router.ts";
import { instantQuery } from "./instant-query.ts";

/** A moment after the last sample of `up` of a target. */
export interface RunEnd {
  /** The target's labels, in JSON. */
  key: string;
  /** ms of the last sample. */
  end: number;
  /** ms: a stale marker has come by then if one comes. */
  at: number;
}

/** A name that needs no quotes within a selector. */
const plainName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** The label that says which of the ends a series belongs to. */
const numberLabel = "promfleet_end";
const answered = z.object({
  data: z.object({ result: z.array(z.object({ metric: z.record(z.string(), z.string()) })) }),
});

/**
 * Which targets are seen a moment after their last sample: those series did not end with a stale marker. A range of samples does not show
 * markers, so the engine is asked what it sees.
 * @throws as instantQuery
 */
export async function readEnds(
  dispatcher: Dispatcher,
  replica: Replica,
  ends: readonly RunEnd[],
  signal: AbortSignal,
): Promise<ReadonlySet<RunEnd>> {
  const asked = ends.map(({ key, at }, index) => {
    const selector = `${selectorOf(labelsOf(key))} @ ${(at / 1000).toFixed(3)}`;
    return `label_replace(${selector}, "${numberLabel}", "${index}", "", "")`;
  });
  const answer = await instantQuery(dispatcher, replica, asked.join(" or "), Date.now(), signal);
  const seen = new Set<RunEnd>();
  for (const { metric } of answered.parse(answer).data.result) {
    const { [numberLabel]: number, ...labels } = metric;
    const end = ends[Number(number)];
    // a selector finds series with further labels too
    if (end && Object.keys(labels).length === Object.keys(labelsOf(end.key)).length) seen.add(end);
  }
  return seen;
}

const labelsOf = (key: string): Record<string, string> => JSON.parse(key) as Record<string, string>;

function selectorOf(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(
    ([name, value]) => `${plainName.test(name) ? name : JSON.stringify(name)}=${JSON.stringify(value)}`,
  );
  return `{${matchers.join(",")}}`;
}
