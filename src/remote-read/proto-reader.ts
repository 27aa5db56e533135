import { MalformedData } from "./malformed-data.ts";

/** Wire types of protocol buffers. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const maxVarintBytes = 10;

/**
 * Reads the fields of one protocol buffers message that lies in `buffer[position, end)`. Nothing is copied: bytes fields are
 * given as the offsets `from` and `to`. Every read is checked against the end of the message.
 * @throws MalformedData on any byte that is not part of a well-formed message
 */
export class ProtoReader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;
  /** Number of the field whose tag was read last. */
  field = 0;
  /** Its wire type. */
  type = 0;
  /** Offsets of the content that was read last by `bytes()`. */
  from = 0;
  to = 0;

  constructor(buffer: Buffer, from = 0, to = buffer.length) {
    this.buffer = buffer;
    this.position = from;
    this.end = to;
  }

  /** Goes to the next field; false at the end of the message. */
  next(): boolean {
    if (this.position >= this.end) return false;
    const tag = this.uint();
    this.field = Math.floor(tag / 8);
    this.type = tag % 8;
    if (this.field === 0) throw new MalformedData("a field has the number 0");
    return true;
  }

  /** A varint that is a length, a tag or an enumeration. */
  uint(): number {
    const { buffer, end } = this;
    let value = 0;
    let scale = 1;
    for (let read = 0; read < maxVarintBytes; read++) {
      if (this.position >= end) throw new MalformedData("a number is cut short");
      const byte = buffer[this.position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) throw new MalformedData("a length is beyond all bounds");
        return value;
      }
      scale *= 128;
    }
    throw new MalformedData(`a number is longer than ${maxVarintBytes} bytes`);
  }

  /** The value of a varint field, as a signed 64-bit integer. */
  int64(): bigint {
    this.#expect(wireType.varint);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.position >= this.end) throw new MalformedData("a number is cut short");
      const byte = this.buffer[this.position++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw new MalformedData(`a number is longer than ${maxVarintBytes} bytes`);
  }

  /** The value of a varint field that is an enumeration or a bool. */
  enumeration(): number {
    this.#expect(wireType.varint);
    return this.uint();
  }

  /** Enters a length-delimited field: sets `from` and `to`, goes behind it. */
  bytes(): void {
    this.#expect(wireType.bytes);
    this.#span();
  }

  /** A string field. */
  string(): string {
    this.bytes();
    return this.buffer.toString("utf8", this.from, this.to);
  }

  /** The message in a length-delimited field. */
  message(): ProtoReader {
    this.bytes();
    return new ProtoReader(this.buffer, this.from, this.to);
  }

  /** Goes over the field, whatever it holds. */
  skip(): void {
    switch (this.type) {
      case wireType.varint:
        this.#skipVarint();
        return;
      case wireType.fixed64:
        this.#advance(8);
        return;
      case wireType.bytes:
        this.#span();
        return;
      case wireType.fixed32:
        this.#advance(4);
        return;
      default:
        throw new MalformedData(`field ${this.field} has the unknown wire type ${this.type}`);
    }
  }

  #skipVarint(): void {
    for (let read = 0; read < maxVarintBytes; read++) {
      if (this.position >= this.end) throw new MalformedData("a number is cut short");
      if ((this.buffer[this.position++] ?? 0) < 0x80) return;
    }
    throw new MalformedData(`a number is longer than ${maxVarintBytes} bytes`);
  }

  #span(): void {
    const length = this.uint();
    this.from = this.position;
    this.#advance(length);
    this.to = this.position;
  }

  #advance(length: number): void {
    if (length > this.end - this.position) {
      throw new MalformedData(`field ${this.field} reaches beyond the end of its message`);
    }
    this.position += length;
  }

  #expect(type: number): void {
    if (this.type !== type) {
      throw new MalformedData(`field ${this.field} has the wire type ${this.type} instead of ${type}`);
    }
  }
}
