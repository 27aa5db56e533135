import { compress, uncompress } from "snappy";
import { MalformedData } from "./malformed-data.ts";
import { ProtoReader } from "./proto-reader.ts";

/** Compresses in snappy's block format, off the event loop. */
export function compressBlock(content: Buffer): Promise<Buffer> {
  return compress(content);
}

/** How many bytes a block says it holds. To be checked before it is uncompressed. @throws MalformedData */
export function uncompressedBytes(block: Buffer): number {
  return new ProtoReader(block).uint();
}

/** @throws MalformedData */
export async function uncompressBlock(block: Buffer): Promise<Buffer> {
  try {
    const content = await uncompress(block, { asBuffer: true });
    return typeof content === "string" ? Buffer.from(content) : content;
  } catch (error) {
    throw new MalformedData("not a whole block of snappy data", { cause: error });
  }
}
