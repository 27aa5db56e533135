import { wireType } from "./proto-reader.ts";

/** Bytes that a value takes as a varint. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Writes a varint, returns the offset behind it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = value;
  while (rest >= 128) {
    target[position++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  target[position++] = rest;
  return position;
}

/** Tag and length of a bytes field of the given size. The number of the field is below 16. */
export function bytesHeader(field: number, size: number): Buffer {
  const header = Buffer.allocUnsafe(1 + varintBytes(size));
  header[0] = field * 8 + wireType.bytes;
  writeVarint(header, 1, size);
  return header;
}

/** Collects the fields of one protocol buffers message in the order they are written. Default values are left out. */
export class ProtoWriter {
  readonly #pieces: Uint8Array[] = [];
  #size = 0;

  /** A varint field that is not negative. */
  uint(field: number, value: number): this {
    if (value === 0) return this;
    const piece = Buffer.allocUnsafe(1 + varintBytes(value));
    piece[0] = field * 8 + wireType.varint;
    writeVarint(piece, 1, value);
    return this.#add(piece);
  }

  /** A varint field of the type int64. */
  int64(field: number, value: bigint): this {
    if (value === 0n) return this;
    const bytes = [field * 8 + wireType.varint];
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
    return this.#add(Uint8Array.from(bytes));
  }

  string(field: number, value: string): this {
    return value === "" ? this : this.bytes(field, Buffer.from(value));
  }

  /** A bytes field or a message; written even when it is empty. */
  bytes(field: number, value: Uint8Array): this {
    return this.#add(bytesHeader(field, value.length)).#add(value);
  }

  finish(): Buffer {
    return Buffer.concat(this.#pieces, this.#size);
  }

  #add(piece: Uint8Array): this {
    this.#pieces.push(piece);
    this.#size += piece.length;
    return this;
  }
}
