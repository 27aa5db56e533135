import { buffer } from "node:stream/consumers";
import { z } from "zod";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import type { ShardFetcher } from "../fetch/shard-fetcher.ts";
import { passToAny } from "../pass/any-shard.ts";

const refusal = z.object({ status: z.literal("error"), error: z.string() });
const inTheirWords = /^invalid parameter "match\[\]": /;
/** What the API of series does not take, and others do. */
const emptyMatcher = "match[] must contain at least one non-empty matcher";

/**
 * Has a server look at selectors, over a time of which it has nothing: whether a regular expression is right, only RE2 knows, and a
 * server that reads with a wrong one answers 500, as if it were ill.
 * @throws PromfleetError BAD_PARAMETER in the words of Prometheus; ShardLost; the signal's reason
 */
export async function checkSelectors(
  fetcher: ShardFetcher,
  shards: readonly string[],
  selectors: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const form = new URLSearchParams({ start: "1", end: "1" });
  for (const selector of selectors) form.append("match[]", selector);
  const { status, body } = await passToAny(
    fetcher,
    shards,
    {
      method: "POST",
      path: "/api/v1/series",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: form.toString(),
    },
    signal,
  );
  if (status === 200) return;
  const text = (body instanceof Uint8Array ? Buffer.from(body) : await buffer(body)).toString();
  const message = wordsOf(text).replace(inTheirWords, "");
  if (message !== emptyMatcher) throw new PromfleetError({ code: "BAD_PARAMETER", message });
}

function wordsOf(text: string): string {
  try {
    return refusal.safeParse(JSON.parse(text)).data?.error ?? text;
  } catch {
    return text;
  }
}
