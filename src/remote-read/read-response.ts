import type { EncodedSeries, SeriesDecoder } from "./encoded-series.ts";
import { MalformedData } from "./malformed-data.ts";
import { ProtoReader } from "./proto-reader.ts";
import { bytesHeader } from "./proto-writer.ts";

/** The series of a ReadResponse with the result of one query, in the order they came. @throws MalformedData */
export function decodeReadResponse(message: Buffer, decoder: SeriesDecoder): EncodedSeries[] {
  const found: EncodedSeries[] = [];
  const reader = new ProtoReader(message);
  let results = 0;
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    results++;
    const result = reader.message();
    while (result.next()) {
      if (result.field === 1) {
        result.bytes();
        found.push(decoder.decode(message, result.from, result.to));
      } else result.skip();
    }
  }
  if (results !== 1) throw new MalformedData(`the answer has ${results} results for one query`);
  return found;
}

/** A ReadResponse with one result for each list of series. */
export function encodeReadResponse(results: readonly (readonly EncodedSeries[])[]): Buffer {
  const pieces: Buffer[] = [];
  for (const series of results) {
    const start = pieces.length;
    let size = 0;
    for (const { labels, content } of series) {
      const length = content.reduce((sum, piece) => sum + piece.length, labels.length);
      const header = bytesHeader(1, length);
      pieces.push(header, labels, ...content);
      size += header.length + length;
    }
    pieces.splice(start, 0, bytesHeader(1, size));
  }
  return Buffer.concat(pieces);
}
