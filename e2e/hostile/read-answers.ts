import { crc32c } from "@node-rs/crc32";
import { FrameSplitter } from "../../src/remote-read/frame.ts";
import { ProtoWriter, varintBytes, writeVarint } from "../../src/remote-read/proto-writer.ts";
import { compressBlock, uncompressBlock } from "../../src/remote-read/snappy-block.ts";
import { type Exchange, answerHead } from "./hostile-backend.ts";
import { type HostileAnswer, flood, typeOf } from "./http-answers.ts";

/** A frame with any message, and a checksum that fits unless told. */
function frame(message: Buffer, { length = message.length, checksum = crc32c(message) } = {}): Buffer {
  const head = Buffer.alloc(varintBytes(length) + 4);
  head.writeUInt32BE(checksum >>> 0, writeVarint(head, 0, length));
  return Buffer.concat([head, message]);
}

const label = (name: string, value: string | Buffer) =>
  new ProtoWriter().string(1, name).bytes(2, Buffer.from(value)).finish();

/** Times in ms. */
function chunkOf(from: bigint, to: bigint, encoding: number, data: Buffer): Buffer {
  return new ProtoWriter().int64(1, from).int64(2, to).uint(3, encoding).bytes(4, data).finish();
}

function series(labels: readonly Buffer[], chunks: readonly Buffer[]): Buffer {
  const writer = new ProtoWriter();
  for (const one of labels) writer.bytes(1, one);
  for (const one of chunks) writer.bytes(2, one);
  return new ProtoWriter().bytes(1, writer.finish()).finish();
}

const messagesOf = (body: Buffer) => {
  const splitter = new FrameSplitter(1024 ** 3);
  return splitter.push(body).map(({ message }) => message);
};

function send(exchange: Exchange, body: Buffer, headers: Record<string, string> = {}): void {
  const head = { ...typeOf(exchange), ...headers, "content-length": String(body.length) };
  exchange.socket.write(answerHead(200, head));
  exchange.socket.write(body);
}

/** @param make another body of the messages of the real one, and of its bytes */
const framed = (
  name: string,
  make: (messages: Buffer[], whole: Buffer) => Buffer | readonly Buffer[],
): HostileAnswer => ({
  name,
  of: "frames",
  act(exchange) {
    const { body } = exchange.real;
    const made = make(messagesOf(body), body);
    send(exchange, Buffer.isBuffer(made) ? made : Buffer.concat([...made]));
  },
});

/** The same of the message in a block, and of the block. */
const packed = (name: string, make: (message: Buffer, block: Buffer) => Buffer): HostileAnswer => ({
  name,
  of: "samples",
  act: (exchange) => send(exchange, make(uncompressBlock(exchange.real.body), exchange.real.body)),
});
/** What says that it is a block of so many bytes. */
const blockOf = (length: number, rest: Buffer) => {
  const head = Buffer.alloc(varintBytes(length));
  writeVarint(head, 0, length);
  return Buffer.concat([head, rest]);
};

/** Mistakes of the frames of a remote read, in an answer that HTTP finds nothing wrong with. */
export function frameAnswers(): HostileAnswer[] {
  /** The first message is another. */
  const first = (name: string, make: (message: Buffer) => Buffer) =>
    framed(name, ([message = Buffer.alloc(0), ...more]) =>
      [message, ...more].map((one, at) => (at === 0 ? make(one) : frame(one))),
    );
  const host = [label("__name__", "m"), label("host", "1-0")];
  return [
    first("a wrong checksum", (message) => frame(message, { checksum: crc32c(message) ^ 1 })),
    first("a length that is one too large", (message) => frame(message, { length: message.length + 1 })),
    first("a length that is one too small", (message) => frame(message, { length: message.length - 1 })),
    first("a length of 2 GB", (message) => frame(message, { length: 2 * 1024 ** 3 })),
    first("a length of 0", (message) => frame(message, { length: 0 })),
    framed("a length that does not end", () => Buffer.alloc(100, 0xff)),
    framed("cut within a frame", (_, whole) => whole.subarray(0, whole.length - 3)),
    framed("something after the last frame", (_, whole) => [whole, Buffer.from([7])]),
    framed("frames the other way round", (messages) => messages.toReversed().map((one) => frame(one))),
    framed("a frame of nothing", (messages) => [
      frame(Buffer.alloc(0)),
      ...messages.map((one) => frame(one)),
    ]),
    framed("a frame of garbage", (messages) => [
      frame(Buffer.from("garbage, not protobuf")),
      ...messages.map((one) => frame(one)),
    ]),
    framed("a frame of another query", (messages) =>
      messages.map((one) => frame(Buffer.concat([one, new ProtoWriter().uint(2, 7).finish()]))),
    ),
    framed("a frame that refers beyond its end", () => frame(Buffer.from([0x0a, 0xff, 0x7f, 1, 2]))),
    framed("labels out of order", () => frame(series([label("host", "1-0"), label("__name__", "m")], []))),
    framed("a label twice", () => frame(series([...host, label("host", "1-1")], []))),
    framed("chunks that are none", () => frame(series(host, [Buffer.from([0xff])]))),
    {
      name: "JSON, called frames",
      of: "frames",
      act: (exchange) => send(exchange, Buffer.from('{"status":"success","data":[]}')),
    },
    {
      name: "samples where frames were asked for, and the other way round",
      of: "frames",
      act: (exchange) =>
        send(exchange, compressBlock(Buffer.alloc(0)), { "content-type": "application/x-protobuf" }),
    },
    {
      name: "a gigabyte of a frame",
      of: "frames",
      isSlow: true,
      isSilent: true,
      async act(exchange) {
        const length = 250 * 1024 ** 2;
        const head = Buffer.alloc(varintBytes(length) + 4);
        writeVarint(head, 0, length);
        exchange.socket.write(answerHead(200, { ...typeOf(exchange), "content-length": String(1024 ** 3) }));
        exchange.socket.write(head);
        await flood(exchange, Buffer.alloc(65_536), 1024 ** 3);
      },
    },
    {
      name: "a gigabyte of one series",
      of: "frames",
      isSlow: true,
      isSilent: true,
      async act(exchange) {
        const data = Buffer.alloc(60_000);
        const piece = frame(series(host, [chunkOf(1n, 2n, 1, data)]));
        exchange.socket.write(answerHead(200, { ...typeOf(exchange), "content-length": String(1024 ** 3) }));
        await flood(exchange, piece, 1024 ** 3);
      },
    },
  ];
}

/** The same of answers of samples. */
export function sampleAnswers(): HostileAnswer[] {
  return [
    packed("a block that is cut", (_, block) => block.subarray(0, block.length - 5)),
    packed("a block with a byte that is another", (_, block) => {
      const bytes = Buffer.from(block);
      bytes[3] = (bytes[3] ?? 0) ^ 0xff;
      return bytes;
    }),
    packed("a block of 2 GB, it says", (_, block) => blockOf(2 * 1024 ** 3, block.subarray(4))),
    packed("a block of 2^60 bytes, it says", (_, block) => blockOf(2 ** 52, block.subarray(4))),
    packed("a block that is empty", () => Buffer.alloc(0)),
    packed("garbage in a block", () => compressBlock(Buffer.from("garbage, not protobuf"))),
    packed("no result", () => compressBlock(Buffer.alloc(0))),
    packed("two results", (message) => compressBlock(Buffer.concat([message, message]))),
    packed("cut protobuf", (message) => compressBlock(message.subarray(0, message.length - 5))),
    packed("plain, without snappy", (message) => message),
    {
      name: "a gigabyte of a block",
      of: "samples",
      isSlow: true,
      isSilent: true,
      async act(exchange) {
        exchange.socket.write(answerHead(200, { ...typeOf(exchange), "content-length": String(1024 ** 3) }));
        await flood(exchange, Buffer.alloc(65_536, 0x11), 1024 ** 3);
      },
    },
  ];
}
