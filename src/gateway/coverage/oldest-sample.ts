import type { Dispatcher } from "undici";
import { sendRequest } from "../fetch/http-client.ts";
import type { Replica } from "../router/router.ts";
import { checkedBody } from "./checked-body.ts";

const metric = "prometheus_tsdb_lowest_timestamp_seconds";

/**
 * The time of a replica's oldest sample, from its own metrics: what is older was deleted, or its volume was lost.
 * @returns ms since 1970; Infinity where it has none; undefined where it does not tell
 * @throws Error where it does not answer; the signal's reason
 */
export async function oldestSample(
  dispatcher: Dispatcher,
  replica: Replica,
  signal: AbortSignal,
): Promise<number | undefined> {
  const headers = { "accept-encoding": "gzip" };
  const answer = await sendRequest(`${replica.url}/metrics`, { dispatcher, headers, signal });
  const text = (await checkedBody(answer)).toString("latin1");
  if (answer.statusCode !== 200) return undefined;
  const value = new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(text)?.[1];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  // an empty storage begins at the end of time
  return Number.isFinite(seconds) && seconds < 1e12 ? Math.floor(seconds * 1000) : Number.POSITIVE_INFINITY;
}
