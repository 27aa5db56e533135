import type { Dispatcher } from "undici";
import { z } from "zod";
import type { GoodScrapes } from "../../coverage/up-samples.ts";
import type { Replica } from "../router/router.ts";
import { instantQuery } from "./instant-query.ts";
import type { TimeRange } from "./replica-scrapes.ts";

const answered = z.object({
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        // there are many of them: each is looked at where it is read
        values: z.custom<readonly (readonly [number, string])[]>(Array.isArray).default([]),
      }),
    ),
  }),
});

/**
 * When a replica has scraped its targets well: its samples of `up`. They are asked of the query API, packed: an answer to a remote read for
 * samples has no checksum, and one byte that is another would be a target that is not there, or a time at which nobody scraped.
 * @throws TooMuchAtOnce; Error where it does not answer as a Prometheus does; the signal's reason
 */
export async function readUp(
  dispatcher: Dispatcher,
  replica: Replica,
  { from, to }: TimeRange,
  signal: AbortSignal,
): Promise<GoodScrapes[]> {
  // a range begins behind its first moment
  const query = `up[${to - from + 1}ms]`;
  const answer = await instantQuery(dispatcher, replica, query, to, signal);
  return answered.parse(answer).data.result.map(({ metric, values }) => {
    const found: GoodScrapes = {
      key: JSON.stringify(metric),
      job: metric["job"] ?? "",
      instance: metric["instance"] ?? "",
      times: [],
      bad: [],
    };
    for (const [seconds, value] of values) {
      const time = Math.round(seconds * 1000);
      if (!Number.isSafeInteger(time)) throw new SyntaxError("a sample of up is of no time");
      (value === "1" ? found.times : found.bad).push(time);
    }
    return found;
  });
}
