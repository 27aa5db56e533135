import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ExternalLabels } from "./external-labels.ts";
import { SeriesDecoder } from "./encoded-series.ts";
import { encodeChunk, encodeLabels, exampleFrame, splitFrame } from "./example-series.ts";
import { type Frame, FrameSplitter, decodeFrame, encodeFrame } from "./frame.ts";
import { describeKey } from "./label-key.ts";
import { MalformedData } from "./malformed-data.ts";

const limit = 1024 ** 2;

/** Feeds a stream to a splitter in pieces of these sizes, over and over. */
function split(stream: Buffer, sizes: readonly number[], splitter = new FrameSplitter(limit)): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    for (const { message } of splitter.push(stream.subarray(at, at + size))) messages.push(message);
    at += size;
  }
  splitter.end();
  return messages;
}

function errorOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("frames come out the same wherever the stream is cut", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 });
  const chunks = fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(chunks, sizes, (data, pieces) => {
      const frames = data.map((chunk, index) => exampleFrame({ i: String(index) }, chunk));
      const messages = split(Buffer.concat(frames), pieces);
      expect(messages).toEqual(frames.map((frame) => splitFrame(frame).message));
    }),
  );
});

test("any changed byte is found, or leaves a stream that is cut short", () => {
  const stream = Buffer.concat([exampleFrame({ a: "1" }, "one"), exampleFrame({ a: "2" }, "two")]);
  for (let at = 0; at < stream.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = Buffer.from(stream);
      changed[at] = (changed[at] ?? 0) ^ flip;
      expect(() => split(changed, [changed.length]), `byte ${at}`).toThrow(MalformedData);
    }
  }
});

test("a stream that ends within a frame is an error, one that ends between frames is not", () => {
  const frame = exampleFrame({ a: "1" }, "data");
  const stream = Buffer.concat([frame, frame]);
  for (let length = 0; length <= stream.length; length++) {
    const cut = () => split(stream.subarray(0, length), [7]);
    const error = errorOf(cut);
    const isWhole = length % frame.length === 0;
    expect(error instanceof MalformedData ? error.message : "", `${length} bytes`).toMatch(
      isWhole ? /^$/ : /ends within a frame/,
    );
  }
});

test("a frame over the limit is refused before it is read", () => {
  const splitter = new FrameSplitter(100);
  expect(() => splitter.push(Buffer.from("e807", "hex"))).toThrow("over the limit of 100");
});

test("an empty frame, which an evaluator would fall over, is refused", () => {
  expect(() => new FrameSplitter(limit).push(Buffer.from("0000000000", "hex"))).toThrow("empty");
});

test("a frame that needs no change is passed on as it is", () => {
  const whole = exampleFrame({ a: "1" }, "data");
  const [series] = decodeFrame(splitFrame(whole), new SeriesDecoder(undefined));
  expect(series && encodeFrame(series, 0)).toEqual([whole]);
});

test("external labels are taken off by name and value, chunks stay as they are", () => {
  const decoder = new SeriesDecoder(ExternalLabels.of({ cluster: "eu", replica: "a" }));
  const sent = exampleFrame({ a: "1", cluster: "eu", job: "x", replica: "a", z: "" }, "one", "two");
  const [series] = decodeFrame(splitFrame(sent), decoder);
  expect(series && describeKey(series.key)).toBe('{a="1", job="x", z=""}');
  expect(series && Buffer.concat(encodeFrame(series, 0))).toEqual(
    exampleFrame({ a: "1", job: "x", z: "" }, "one", "two"),
  );
  const [own] = decodeFrame(splitFrame(exampleFrame({ cluster: "us", replica: "b" }, "x")), decoder);
  expect(own && describeKey(own.key)).toBe('{cluster="us", replica="b"}');
});

test("labels that are not sorted are refused", () => {
  const frame = splitFrame(exampleFrame({ b: "1", a: "1" }, "x"));
  expect(() => decodeFrame(frame, new SeriesDecoder(undefined))).toThrow("not sorted");
});

test("bytes that are no message are refused, never worse", () => {
  const { message } = splitFrame(exampleFrame({ a: "1", job: "x" }, "one", "two"));
  const decoder = new SeriesDecoder(ExternalLabels.of({ job: "x" }));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(message.length - 1), fc.nat(255)), { maxLength: 4 }), (changes) => {
      const changed = Buffer.from(message);
      for (const [at, byte] of changes) changed[at] = byte;
      const error = errorOf(() => decodeFrame({ whole: changed, message: changed }, decoder));
      expect(error ?? new MalformedData()).toBeInstanceOf(MalformedData);
    }),
    { numRuns: 5_000 },
  );
});

test("the frame of a later query of a request says which", () => {
  const labels = encodeLabels({ a: "1" });
  const series = { key: "", sentLabels: labels, labels, content: [encodeChunk("x")], frame: undefined };
  const frame = splitFrame(Buffer.concat(encodeFrame(series, 2)));
  expect(() => decodeFrame(frame, new SeriesDecoder(undefined))).toThrow("a query that was not asked");
});

const chunkField = (message: Buffer) => Buffer.concat([Buffer.from([0x12, message.length]), message]);

test("a chunk that none can read is the server's mistake", () => {
  const decoder = new SeriesDecoder(undefined, true);
  const labels = encodeLabels({ a: "1" });
  const frameOf = (content: Buffer): Frame => {
    const series = { key: "", sentLabels: labels, labels, content: [content], frame: undefined };
    const [frame] = new FrameSplitter(limit).push(Buffer.concat(encodeFrame(series, 0)));
    if (!frame) throw new Error("no frame");
    return frame;
  };
  expect(decodeFrame(frameOf(chunkField(Buffer.from([0x22, 2, 0, 1]))), decoder)).toHaveLength(1);
  for (const message of [[], [0xff], [0x22, 1, 0], [0x22, 9, 0], [0x08, 1]])
    expect(() => decodeFrame(frameOf(chunkField(Buffer.from(message))), decoder)).toThrow(MalformedData);
});

test("large frames come out the same wherever the stream is cut", () => {
  const text = "x".repeat(1_500_000);
  const frames = [
    exampleFrame({ i: "0" }, text),
    exampleFrame({ i: "1" }, "short"),
    exampleFrame({ i: "2" }, text),
  ];
  const stream = Buffer.concat(frames);
  for (const size of [1_000_000, 65_536, 1_500_017, 3_000_100, stream.length])
    expect(split(stream, [3, size], new FrameSplitter(limit * 2))).toEqual(
      frames.map((frame) => splitFrame(frame).message),
    );
  const cut = new FrameSplitter(limit * 2);
  cut.push(stream.subarray(0, 1_200_000));
  expect(() => cut.end()).toThrow(MalformedData);
});
