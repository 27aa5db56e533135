import { Readable } from "node:stream";
import type { Answer } from "../planner/query-request.ts";

/** Bytes that are held back for an answer to be refused before anything of it is out. */
const held = 512 * 1024;

/**
 * An answer of at most so many bytes: one that is longer is refused as long as nothing of it is out, and breaks off after that.
 * @param refusal what is thrown
 */
export async function boundedAnswer(answer: Answer, maxBytes: number, refusal: () => Error): Promise<Answer> {
  const { body } = answer;
  if (body instanceof Uint8Array) {
    if (body.length > maxBytes) throw refusal();
    return answer;
  }
  const source = (body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let size = 0;
  while (size <= held) {
    const next = await source.next();
    if (next.done) return { ...answer, body: Buffer.concat(chunks, size) };
    chunks.push(next.value);
    size += next.value.length;
    if (size > maxBytes) {
      body.destroy();
      throw refusal();
    }
  }
  const rest = async function* (): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (const chunk of chunks.splice(0)) yield chunk;
      for (;;) {
        const next = await source.next();
        if (next.done) return;
        size += next.value.length;
        if (size > maxBytes) throw refusal();
        yield next.value;
      }
    } finally {
      body.destroy();
    }
  };
  return { ...answer, body: Readable.from(rest(), { objectMode: false }) };
}
