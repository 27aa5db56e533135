/**
 * Appends protobuf fields, https://protobuf.dev/programming-guides/encoding/. Only what the exposition needs: fields
 * that hold their type's zero are left out, as proto3 has it.
 */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A non-negative integer up to 2^53. */
  uint(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field * 8);
    this.varint(value);
  }

  /** An integer of either sign in zigzag: sint32 and sint64. */
  sint(field: number, value: number): void {
    if (value === 0) return;
    this.varint(field * 8);
    this.varint(zigzag(value));
  }

  double(field: number, value: number): void {
    if (Object.is(value, 0)) return;
    this.varint(field * 8 + 1);
    this.#reserve(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  string(field: number, value: string): void {
    if (value === "") return;
    const size = Buffer.byteLength(value);
    this.varint(field * 8 + 2);
    this.varint(size);
    this.#reserve(size);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** Written even where it is empty: presence means something. */
  message(field: number, write: (inner: ProtobufWriter) => void): void {
    this.varint(field * 8 + 2);
    this.delimited(write);
  }

  packedSints(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, (inner) => {
      for (const value of values) inner.varint(zigzag(value));
    });
  }

  /** A message after its length, as streams of messages are framed. */
  delimited(write: (inner: ProtobufWriter) => void): void {
    const inner = new ProtobufWriter();
    write(inner);
    const content = inner.bytes();
    this.varint(content.length);
    this.#reserve(content.length);
    this.#length += content.copy(this.#bytes, this.#length);
  }

  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    // not bit operators: those end at 32 bits
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2;
}
