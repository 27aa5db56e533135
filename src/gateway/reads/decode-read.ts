import type { IncomingMessage } from "node:http";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { reservedPrefix } from "../../promql/reserved.ts";
import { MalformedData } from "../../remote-read/malformed-data.ts";
import { ProtoReader } from "../../remote-read/proto-reader.ts";
import {
  type ReadMatcher,
  type ReadQuery,
  decodeReadRequest,
  responseType,
} from "../../remote-read/read-request.ts";
import { uncompressBlock, uncompressedBytes } from "../../remote-read/snappy-block.ts";
import { readBody } from "../protocol/form.ts";
import type { ReadForm } from "../read/shard-reads.ts";

/** Queries of one request. */
const mostQueries = 1000;

const forms: ReadonlyMap<number, ReadForm> = new Map([
  [responseType.samples, "sampled"],
  [responseType.streamedXorChunks, "streamed"],
]);

/** A remote read of a client, checked. */
export interface DecodedRead {
  queries: readonly ReadQuery[];
  form: ReadForm;
}

/**
 * Reads a request of the remote read protocol.
 * @param limit bytes that it may have, packed or not
 * @throws PromfleetError BAD_PARAMETER, RESERVED_NAME, REQUEST_TOO_LARGE
 */
export async function decodeRead(request: IncomingMessage, limit: number): Promise<DecodedRead> {
  const block = await readBody(request, limit);
  const { queries, acceptedResponseTypes } = decoded(block, limit);
  if (queries.length > mostQueries) throw tooLarge(`more than ${mostQueries} queries`);
  refuseReservedMatchers(queries.flatMap(({ matchers }) => matchers));
  return { queries, form: formOf(acceptedResponseTypes) };
}

function decoded(block: Buffer, limit: number) {
  try {
    if (uncompressedBytes(block) > limit) throw tooLarge(`more than ${limit} bytes`);
    const read = decodeReadRequest(uncompressBlock(block));
    for (const { hints } of read.queries) if (hints) checkFields(hints);
    return read;
  } catch (error) {
    if (error instanceof MalformedData)
      throw new PromfleetError({ code: "BAD_PARAMETER", message: error.message }, { cause: error });
    throw error;
  }
}

/** They are passed on as they came: a server would refuse what is no message. @throws MalformedData */
function checkFields(message: Buffer): void {
  const reader = new ProtoReader(message);
  while (reader.next()) reader.skip();
}

/** The first form that the client takes and the gateway knows, as servers choose. */
function formOf(accepted: readonly number[]): ReadForm {
  if (accepted.length === 0) return "sampled";
  for (const type of accepted) {
    const form = forms.get(type);
    if (form) return form;
  }
  throw new PromfleetError({
    code: "BAD_PARAMETER",
    message: `server does not support any of the requested response types: [${accepted.join(" ")}]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]`,
  });
}

const isReserved = ({ name, value }: ReadMatcher): boolean =>
  name.startsWith(reservedPrefix) || (name === "__name__" && value.startsWith(reservedPrefix));

/** @throws PromfleetError RESERVED_NAME */
function refuseReservedMatchers(matchers: readonly ReadMatcher[]): void {
  if (!matchers.some(isReserved)) return;
  throw new PromfleetError({
    code: "RESERVED_NAME",
    message: `invalid matcher: names that begin with ${reservedPrefix} are promfleet's own`,
  });
}

function tooLarge(what: string): PromfleetError {
  return new PromfleetError({ code: "REQUEST_TOO_LARGE", message: `the request has ${what}` });
}
