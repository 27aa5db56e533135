import type { Dispatcher } from "undici";
import { sendRequest } from "../fetch/http-client.ts";
import type { Replica } from "../router/router.ts";

const metric = "prometheus_tsdb_lowest_timestamp_seconds";
/** Bytes of a page of metrics. */
const largest = 16 * 1024 ** 2;

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
  const { statusCode, body } = await sendRequest(`${replica.url}/metrics`, { dispatcher, signal });
  let text = "";
  for await (const chunk of body as AsyncIterable<Buffer>) {
    text += chunk.toString("latin1");
    if (text.length > largest) throw new Error("its metrics are longer than can be read");
  }
  if (statusCode !== 200) return undefined;
  const value = new RegExp(`^${metric}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(text)?.[1];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  // an empty storage begins at the end of time
  return Number.isFinite(seconds) && seconds < 1e12 ? Math.floor(seconds * 1000) : Number.POSITIVE_INFINITY;
}
