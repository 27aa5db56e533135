import type { Dispatcher } from "undici";
import { TooMuchAtOnce } from "../../remote-read/samples-read.ts";
import { unpacked } from "../combine/packed-answer.ts";

/** Bytes of one answer, packed or not. */
const largest = 64 * 1024 ** 2;

/**
 * The body of an answer that was asked for packed, which has a checksum.
 * @throws TooMuchAtOnce; SyntaxError where it is not what was sent; whatever breaks the connection
 */
export async function checkedBody({
  body,
  headers,
}: Pick<Dispatcher.ResponseData, "body" | "headers">): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largest) throw new TooMuchAtOnce();
  }
  const encoding = headers["content-encoding"];
  try {
    return unpacked(Buffer.concat(chunks, size), [encoding].flat()[0], largest);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ANSWER_TOO_LARGE")
      throw new TooMuchAtOnce();
    throw error;
  }
}
