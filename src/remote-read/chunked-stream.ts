import { type Frame, FrameSplitter } from "./frame.ts";

/**
 * The frames of a stream of chunks as they come in, several at a time where one piece of the stream held several.
 * @param limit bytes of the largest message that is accepted
 * @throws MalformedData on a broken frame, or an end in the middle of one; what the source throws
 */
export async function* chunkedStream(
  source: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<readonly Frame[], void, undefined> {
  const splitter = new FrameSplitter(limit);
  for await (const chunk of source) {
    const frames = splitter.push(chunk);
    if (frames.length > 0) yield frames;
  }
  splitter.end();
}
