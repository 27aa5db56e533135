import { crc32c } from "@node-rs/crc32";
import type { EncodedSeries, SeriesDecoder } from "./encoded-series.ts";
import { MalformedData } from "./malformed-data.ts";
import { ProtoReader } from "./proto-reader.ts";
import { ProtoWriter, bytesHeader, varintBytes, writeVarint } from "./proto-writer.ts";

const checksumBytes = 4;
/** Bytes of a frame that is put together in its place. */
const large = 1024 ** 2;

/** One frame of a stream of chunks. */
export interface Frame {
  /** Length, checksum and message. */
  whole: Buffer;
  /** The ChunkedReadResponse, a part of `whole`. */
  message: Buffer;
}

/** The series of a frame; servers put one in each. @throws MalformedData */
export function decodeFrame(frame: Frame, decoder: SeriesDecoder): EncodedSeries[] {
  const { message } = frame;
  const found: EncodedSeries[] = [];
  const reader = new ProtoReader(message);
  while (reader.next()) {
    if (reader.field === 1) {
      reader.bytes();
      found.push(decoder.decode(message, reader.from, reader.to));
    } else if (reader.field === 2) {
      if (reader.enumeration() !== 0)
        throw new MalformedData("a frame belongs to a query that was not asked");
    } else reader.skip();
  }
  const [only] = found;
  if (!only) throw new MalformedData("a frame holds no series");
  if (found.length === 1 && only.labels === only.sentLabels) only.frame = frame.whole;
  return found;
}

/**
 * A frame that holds the one series.
 * @param queryIndex which query of the request it answers
 * @returns its bytes in pieces, content uncopied
 */
export function encodeFrame(series: EncodedSeries, queryIndex: number): Buffer[] {
  if (series.frame && queryIndex === 0) return [series.frame];
  const body = [series.labels, ...series.content];
  const size = body.reduce((sum, piece) => sum + piece.length, 0);
  const message = [bytesHeader(1, size), ...body];
  if (queryIndex > 0) message.push(new ProtoWriter().uint(2, queryIndex).finish());
  let checksum = 0;
  let length = 0;
  for (const piece of message) {
    checksum = crc32c(piece, checksum);
    length += piece.length;
  }
  const header = Buffer.allocUnsafe(varintBytes(length) + checksumBytes);
  header.writeUInt32BE(checksum, writeVarint(header, 0, length));
  return [header, ...message];
}

/** Cuts a stream of bytes into frames, verifying lengths and checksums. */
export class FrameSplitter {
  readonly #limit: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** A frame that is put together in its place. */
  #large: Buffer | undefined;
  /** How many bytes the frame that is not whole yet needs at least. */
  #needed = 1;

  /** @param limit bytes of the largest message that is accepted */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes the next bytes of the stream, gives the frames they complete. @throws MalformedData */
  push(chunk: Buffer): Frame[] {
    if (this.#large) return this.#fill(this.#large, chunk);
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#needed) return [];
    const bytes = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending, this.#pendingBytes);
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      const end = this.#frameAt(bytes, at, frames);
      if (end === undefined) break;
      at = end;
    }
    if (at === bytes.length) this.#needed = 1;
    this.#pendingBytes = bytes.length - at;
    this.#pending = this.#pendingBytes > 0 ? [bytes.subarray(at)] : [];
    if (this.#needed > large) this.#beginLarge(bytes.subarray(at));
    return frames;
  }

  /** So that it is not in memory twice, in pieces and as a whole. Its length is known, and what does not come takes no memory. */
  #beginLarge(beginning: Buffer): void {
    this.#large = Buffer.allocUnsafe(this.#needed);
    beginning.copy(this.#large);
    this.#pending = [];
  }

  #fill(frame: Buffer, chunk: Buffer): Frame[] {
    const room = frame.length - this.#pendingBytes;
    this.#pendingBytes += chunk.copy(frame, this.#pendingBytes, 0, room);
    if (chunk.length < room) return [];
    this.#large = undefined;
    this.#pendingBytes = 0;
    this.#needed = 1;
    const frames = this.push(frame);
    return chunk.length > room ? [...frames, ...this.push(chunk.subarray(room))] : frames;
  }

  /** @throws MalformedData if the stream ended within a frame */
  end(): void {
    if (this.#pendingBytes > 0) {
      throw new MalformedData(`the stream ends within a frame, after ${this.#pendingBytes} of its bytes`);
    }
  }

  /** @returns the offset behind the frame, or undefined if it is not there as a whole */
  #frameAt(bytes: Buffer, at: number, into: Frame[]): number | undefined {
    let size = 0;
    let position = at;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[position];
      if (byte === undefined) {
        this.#needed = bytes.length - at + 1;
        return undefined;
      }
      position++;
      size += (byte & 0x7f) * scale;
      if (size > this.#limit || scale > this.#limit) {
        throw new MalformedData(`a frame of ${size} bytes is over the limit of ${this.#limit}`);
      }
      if (byte < 0x80) break;
    }
    if (size === 0) throw new MalformedData("a frame is empty");
    const from = position + checksumBytes;
    const end = from + size;
    if (end > bytes.length) {
      this.#needed = end - at;
      return undefined;
    }
    const message = bytes.subarray(from, end);
    if (crc32c(message) !== bytes.readUInt32BE(position)) {
      throw new MalformedData(`a frame of ${size} bytes does not fit its checksum`);
    }
    into.push({ whole: bytes.subarray(at, end), message });
    return end;
  }
}
