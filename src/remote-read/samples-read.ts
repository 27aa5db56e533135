import type { EncodedSeries, SeriesDecoder } from "./encoded-series.ts";
import { type ReadMatcher, encodeReadRequest, responseType } from "./read-request.ts";
import { decodeReadResponse } from "./read-response.ts";
import { uncompressBlock, uncompressedBytes } from "./snappy-block.ts";

/** An answer that is too large: less time is to be asked for. */
export class TooMuchAtOnce extends Error {
  override readonly name = "TooMuchAtOnce";
}

/** A request for the samples of the series that match. @param from ms since 1970, inclusive as `to` */
export function samplesRequest(from: number, to: number, matchers: readonly ReadMatcher[]): Buffer {
  return encodeReadRequest({
    queries: [{ start: BigInt(from), end: BigInt(to), matchers, hints: undefined }],
    acceptedResponseTypes: [responseType.samples],
  });
}

/**
 * What came back.
 * @param block as it was sent
 * @param largest bytes that it may hold
 * @throws TooMuchAtOnce; MalformedData
 */
export function samplesAnswer(block: Buffer, decoder: SeriesDecoder, largest: number): EncodedSeries[] {
  if (uncompressedBytes(block) > largest) throw new TooMuchAtOnce();
  return decodeReadResponse(uncompressBlock(block), decoder);
}
