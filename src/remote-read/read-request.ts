import { MalformedData } from "./malformed-data.ts";
import { ProtoReader } from "./proto-reader.ts";
import { ProtoWriter } from "./proto-writer.ts";

/** Answers that a remote read can have, by number as in Prometheus' remote.proto. */
export const responseType = { samples: 0, streamedXorChunks: 1 } as const;

/** A remote read request, as in Prometheus' prompb/remote.proto. */
export interface ReadRequest {
  queries: readonly ReadQuery[];
  /** By preference; none stands for samples. */
  acceptedResponseTypes: readonly number[];
}

export interface ReadQuery {
  /** ms */
  start: bigint;
  /** ms, inclusive */
  end: bigint;
  matchers: readonly ReadMatcher[];
  /** Encoded ReadHints, passed on as they came; undefined where there are none. */
  hints: Buffer | undefined;
}

export interface ReadMatcher {
  op: "=" | "!=" | "=~" | "!~";
  name: string;
  value: string;
}

const ops = ["=", "!=", "=~", "!~"] as const;

/** @throws MalformedData */
export function decodeReadRequest(message: Buffer): ReadRequest {
  const queries: ReadQuery[] = [];
  const acceptedResponseTypes: number[] = [];
  const reader = new ProtoReader(message);
  while (reader.next()) {
    if (reader.field === 1) queries.push(decodeQuery(reader.message()));
    else if (reader.field === 2) readResponseTypes(reader, acceptedResponseTypes);
    else reader.skip();
  }
  return { queries, acceptedResponseTypes };
}

/** The numbers stand packed, as gogo writes them, or one a field. */
function readResponseTypes(reader: ProtoReader, into: number[]): void {
  if (reader.type === 0) {
    into.push(reader.enumeration());
    return;
  }
  const packed = reader.message();
  while (packed.position < packed.end) into.push(packed.uint());
}

function decodeQuery(reader: ProtoReader): ReadQuery {
  let start = 0n;
  let end = 0n;
  let hints: Buffer | undefined;
  const matchers: ReadMatcher[] = [];
  while (reader.next()) {
    if (reader.field === 1) start = reader.int64();
    else if (reader.field === 2) end = reader.int64();
    else if (reader.field === 3) matchers.push(decodeMatcher(reader.message()));
    else if (reader.field === 4) {
      reader.bytes();
      hints = reader.buffer.subarray(reader.from, reader.to);
    } else reader.skip();
  }
  return { start, end, matchers, hints };
}

function decodeMatcher(reader: ProtoReader): ReadMatcher {
  let op: ReadMatcher["op"] | undefined = "=";
  let name = "";
  let value = "";
  while (reader.next()) {
    if (reader.field === 1) op = ops[reader.enumeration()];
    else if (reader.field === 2) name = reader.string();
    else if (reader.field === 3) value = reader.string();
    else reader.skip();
  }
  if (!op) throw new MalformedData("a matcher is of no known type");
  return { op, name, value };
}

export function encodeReadRequest(request: ReadRequest): Buffer {
  const writer = new ProtoWriter();
  for (const query of request.queries) writer.bytes(1, encodeQuery(query));
  const types = request.acceptedResponseTypes;
  if (types.length > 0) writer.bytes(2, Uint8Array.from(types));
  return writer.finish();
}

function encodeQuery(query: ReadQuery): Buffer {
  const writer = new ProtoWriter().int64(1, query.start).int64(2, query.end);
  for (const { op, name, value } of query.matchers) {
    writer.bytes(3, new ProtoWriter().uint(1, ops.indexOf(op)).string(2, name).string(3, value).finish());
  }
  if (query.hints) writer.bytes(4, query.hints);
  return writer.finish();
}
