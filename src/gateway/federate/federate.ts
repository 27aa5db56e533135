import { Readable } from "node:stream";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { parseDuration } from "../../promql/duration.ts";
import { parse } from "../../promql/parse.ts";
import type { EncodedSeries } from "../../remote-read/encoded-series.ts";
import type { ReadMatcher } from "../../remote-read/read-request.ts";
import { compareUtf8 } from "../combine/utf8-order.ts";
import type { Answer } from "../planner/query-request.ts";
import type { ReadContext } from "../reads/answer-read.ts";
import { checkSelectors } from "../reads/check-selectors.ts";
import { warningHeaders } from "../reads/warning-headers.ts";
import { sampledSeries } from "../read/sampled-answer.ts";
import { lastSample } from "./last-sample.ts";
import { type Escaping, type LastSample, untypedText } from "./untyped-text.ts";

export interface FederateRequest {
  /** Each match[], as sent. */
  selectors: readonly string[];
  escaping: Escaping;
  partial: boolean | undefined;
}

/** Characters put together before they are sent. */
const pieceLength = 64 * 1024;
/** Series that are taken apart before others get their turn. */
const atOnce = 2000;
/** ms; Prometheus' own. */
const usualLookback = 300_000;

/**
 * What a Prometheus with all series would answer to /federate in plain text: of each its last sample, if that is not older than the
 * lookback and no stale marker. Native histograms have no place in that format, there as here.
 * @param now ms since 1970
 * @throws ShardLost; PromfleetError; the signal's reason
 */
export async function federate(
  { router, fetcher, reads }: ReadContext,
  { selectors, escaping, partial }: FederateRequest,
  now: number,
  signal: AbortSignal,
): Promise<Answer> {
  if (selectors.length === 0) return textAnswer([], escaping, []);
  await checkSelectors(fetcher, router.shardIds(), selectors, signal);
  const lookback = parseDuration(router.topology.evaluator.lookback) ?? usualLookback;
  const queries = selectors
    .map(matchersOf)
    // as a server has it, no matcher matches nothing
    .filter((matchers) => matchers.length > 0)
    .map((matchers) => ({ start: BigInt(now - lookback), end: BigInt(now), matchers, hints: undefined }));
  if (queries.length === 0) return textAnswer([], escaping, []);
  const { value, warnings } = await reads.readWhole(
    { queries, partial, fetcher },
    signal,
    async (answering) => await lastSamples(await sampledSeries(answering, queries)),
  );
  return textAnswer(value, escaping, warnings);
}

/** Of each series once, by name, then labels. */
async function lastSamples(results: readonly (readonly EncodedSeries[])[]): Promise<LastSample[]> {
  const found = new Map<string, LastSample>();
  let looked = 0;
  for (const series of results.flat()) {
    if (++looked % atOnce === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
    if (found.has(series.key)) continue;
    const sample = lastSample(series);
    if (sample) found.set(series.key, sample);
  }
  return [...found]
    .toSorted(
      ([leftKey, left], [rightKey, right]) =>
        compareUtf8(left.name, right.name) || (leftKey < rightKey ? -1 : 1),
    )
    .map(([, sample]) => sample);
}

const noMatchers = /^\s*\{\s*\}\s*$/;

function matchersOf(selector: string): ReadMatcher[] {
  if (noMatchers.test(selector)) return [];
  const parsed = parse(selector);
  if (parsed?.kind !== "vector" || parsed.offset !== undefined || parsed.at !== undefined)
    throw new PromfleetError({
      code: "BAD_PARAMETER",
      message: `promfleet does not understand this selector: ${selector}`,
    });
  const named =
    parsed.metric === undefined ? [] : [{ op: "=" as const, name: "__name__", value: parsed.metric }];
  return [...named, ...parsed.matchers.map(({ op, name, value }) => ({ op, name, value }))];
}

function textAnswer(samples: readonly LastSample[], escaping: Escaping, warnings: readonly string[]): Answer {
  const headers = {
    "content-type": `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}`,
    ...warningHeaders(warnings),
  };
  const body = samples.length === 0 ? Buffer.alloc(0) : Readable.from(pieces(samples, escaping));
  return { status: 200, headers, body };
}

function* pieces(samples: readonly LastSample[], escaping: Escaping): Generator<Buffer> {
  let piece = "";
  for (const line of untypedText(samples, escaping)) {
    piece += line;
    if (piece.length < pieceLength) continue;
    yield Buffer.from(piece);
    piece = "";
  }
  yield Buffer.from(piece);
}

/** Whether a client takes names that Prometheus 2 did not know, by its Accept header. */
export function escapingOf(accept: string | undefined): Escaping {
  const takesAll = (accept ?? "")
    .split(",")
    .some((type) => /^\s*text\/plain\b/.test(type) && /;\s*escaping\s*=\s*allow-utf-8\b/.test(type));
  return takesAll ? "allow-utf-8" : "underscores";
}
