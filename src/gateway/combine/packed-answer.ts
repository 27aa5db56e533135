import { gunzipSync } from "node:zlib";
import { PromfleetError } from "../../errors/promfleet-error.ts";

/**
 * Asked of servers for answers that are taken apart here: what is packed has a checksum, without which one byte that is another
 * would be another label.
 */
export const packed = { "accept-encoding": "gzip" } as const;

/**
 * The bytes of an answer.
 * @param limit bytes that it may have
 * @throws SyntaxError where they are not what was packed; PromfleetError ANSWER_TOO_LARGE
 */
export function unpacked(bytes: Buffer, encoding: string | undefined, limit: number): Buffer {
  if (!isPacked(encoding)) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: Math.max(1, limit) });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge();
    throw new SyntaxError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** @param encoding as the header says it @throws SyntaxError where it was not asked for */
export function isPacked(encoding = "identity"): boolean {
  const name = encoding.toLowerCase();
  if (name !== "gzip" && name !== "identity") throw new SyntaxError(`it is packed as ${encoding}`);
  return name === "gzip";
}

export function tooLarge(): PromfleetError {
  return new PromfleetError({
    code: "ANSWER_TOO_LARGE",
    message: "the answers of the shards to this request hold more than the gateway takes at once",
  });
}
