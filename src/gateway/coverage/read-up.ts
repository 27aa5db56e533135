import type { Dispatcher } from "undici";
import { z } from "zod";
import type { GoodScrapes } from "../../coverage/up-samples.ts";
import { TooMuchAtOnce } from "../../remote-read/samples-read.ts";
import { sendRequest } from "../fetch/http-client.ts";
import { spendBuffers } from "../read/spent-buffers.ts";
import type { Replica } from "../router/router.ts";
import { checkedBody } from "./checked-body.ts";
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

/** What Prometheus says when a query has more samples than it may hold. */
const tooManySamples = /too many samples/;

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
  const answer = await sendRequest(`${replica.url}/api/v1/query`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "accept-encoding": "gzip" },
    body: new URLSearchParams({ query, time: (to / 1000).toFixed(3) }).toString(),
    signal,
  });
  const text = await checkedBody(answer);
  spendBuffers(2 * text.length);
  if (answer.statusCode !== 200) {
    if (tooManySamples.test(text.toString())) throw new TooMuchAtOnce();
    const said = text.toString().trim().slice(0, 200);
    throw new Error(`a question for up was answered with ${answer.statusCode}: ${said}`);
  }
  return answered.parse(JSON.parse(text.toString())).data.result.map(({ metric, values }) => {
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
