import type { Dispatcher } from "undici";
import { TooMuchAtOnce } from "../../remote-read/samples-read.ts";
import { sendRequest } from "../fetch/http-client.ts";
import { spendBuffers } from "../read/spent-buffers.ts";
import type { Replica } from "../router/router.ts";
import { checkedBody } from "./checked-body.ts";

/** What Prometheus says when a query has more samples than it may hold. */
const tooManySamples = /too many samples/;

/**
 * The answer of one replica to an instant query, parsed. It comes packed, and so with a checksum.
 * @param time ms since 1970
 * @throws TooMuchAtOnce; Error where it does not answer as a Prometheus does; the signal's reason
 */
export async function instantQuery(
  dispatcher: Dispatcher,
  replica: Replica,
  query: string,
  time: number,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await sendRequest(`${replica.url}/api/v1/query`, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", "accept-encoding": "gzip" },
    body: new URLSearchParams({ query, time: (time / 1000).toFixed(3) }).toString(),
    signal,
  });
  const text = await checkedBody(answer);
  spendBuffers(2 * text.length);
  if (answer.statusCode === 200) return JSON.parse(text.toString());
  if (tooManySamples.test(text.toString())) throw new TooMuchAtOnce();
  const said = text.toString().trim().slice(0, 200);
  throw new Error(`a question for up was answered with ${answer.statusCode}: ${said}`);
}
