import type { Piece } from "../coverage/hole.ts";
import { ProtoReader, wireType } from "../../remote-read/proto-reader.ts";
import { ProtoWriter } from "../../remote-read/proto-writer.ts";
import type { ReadQuery } from "../../remote-read/read-request.ts";

/** Fields of Prometheus' ReadHints. */
const hintFields = { start: 3, end: 4 };

/** A query for a part of what another one asks for. Servers cut chunks to the hints, so those have the part's times too. */
export function cutSelector(
  selector: ReadQuery,
  { from, to, matchers }: Pick<Piece<unknown>, "from" | "to" | "matchers">,
): ReadQuery {
  const start = BigInt(from);
  const end = BigInt(to);
  if (start <= selector.start && end >= selector.end && matchers.length === 0) return selector;
  return {
    start,
    end,
    matchers: [...selector.matchers, ...matchers],
    hints: selector.hints && cutHints(selector.hints, start, end),
  };
}

/** A query for the same from an earlier time on. @param ms by which it begins earlier */
export function beginningEarlier(selector: ReadQuery, ms: number): ReadQuery {
  const start = selector.start - BigInt(ms);
  return { ...selector, start, hints: selector.hints && cutHints(selector.hints, start, selector.end) };
}

/** The hints with other times. @throws MalformedData */
function cutHints(hints: Buffer, start: bigint, end: bigint): Buffer {
  const kept: Buffer[] = [];
  const reader = new ProtoReader(hints);
  while (reader.position < reader.end) {
    const begin = reader.position;
    reader.next();
    const isTime = reader.field === hintFields.start || reader.field === hintFields.end;
    const drop = isTime && reader.type === wireType.varint;
    reader.skip();
    if (!drop) kept.push(hints.subarray(begin, reader.position));
  }
  return Buffer.concat([
    ...kept,
    new ProtoWriter().int64(hintFields.start, start).int64(hintFields.end, end).finish(),
  ]);
}
