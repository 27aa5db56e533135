import type { Frame } from "./frame.ts";
import { encodeFrame } from "./frame.ts";
import { ProtoWriter } from "./proto-writer.ts";

/** For tests: the label fields of a series, in the order given. */
export function encodeLabels(labels: Readonly<Record<string, string>>): Buffer {
  const writer = new ProtoWriter();
  for (const [name, value] of Object.entries(labels)) {
    writer.bytes(1, new ProtoWriter().string(1, name).string(2, value).finish());
  }
  return writer.finish();
}

/** For tests: a chunk field, its data the given text. */
export function encodeChunk(data: string): Buffer {
  return new ProtoWriter().bytes(2, new ProtoWriter().uint(3, 1).string(4, data).finish()).finish();
}

/** For tests: a frame as a server sends it. */
export function exampleFrame(labels: Readonly<Record<string, string>>, ...chunks: string[]): Buffer {
  const encoded = encodeLabels(labels);
  const series = {
    key: "",
    sentLabels: encoded,
    labels: encoded,
    content: chunks.map(encodeChunk),
    frame: undefined,
  };
  return Buffer.concat(encodeFrame(series, 0));
}

/** For tests: what a splitter makes of it. */
export function splitFrame(whole: Buffer): Frame {
  const lengthBytes = whole.findIndex((byte) => byte < 0x80) + 1;
  return { whole, message: whole.subarray(lengthBytes + 4) };
}
