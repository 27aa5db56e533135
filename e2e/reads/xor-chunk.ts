/** A sample by the bits of its value: JavaScript does not keep those of a NaN. */
export interface ChunkSample {
  /** ms since 1970 */
  time: number;
  bits: bigint;
}

/** The samples of a chunk of floats, as Prometheus' tsdb/chunkenc/xor.go writes it. */
export function xorChunkSamples(chunk: Buffer): ChunkSample[] {
  const count = chunk.readUInt16BE(0);
  const bits = new BitReader(chunk.subarray(2));
  const samples: ChunkSample[] = [];
  let time = 0n;
  let delta = 0n;
  const value = new XorValue(bits);
  for (let at = 0; at < count; at++) {
    if (at === 0) {
      time = bits.varint();
      value.first();
    } else {
      delta = at === 1 ? bits.uvarint() : delta + deltaOfDelta(bits);
      time += delta;
      value.next();
    }
    samples.push({ time: Number(time), bits: value.bits });
  }
  return samples;
}

function deltaOfDelta(bits: BitReader): bigint {
  const sizes = [0, 14, 17, 20, 64];
  let ones = 0;
  while (ones < 4 && bits.take(1) === 1n) ones++;
  const size = sizes[ones] ?? 64;
  if (size === 0) return 0n;
  const raw = bits.take(size);
  if (size === 64) return BigInt.asIntN(64, raw);
  return raw > 1n << BigInt(size - 1) ? raw - (1n << BigInt(size)) : raw;
}

class XorValue {
  bits = 0n;
  readonly #source: BitReader;
  #leading = 0;
  #trailing = 0;

  constructor(source: BitReader) {
    this.#source = source;
  }

  first(): void {
    this.bits = this.#source.take(64);
  }

  next(): void {
    if (this.#source.take(1) === 0n) return;
    if (this.#source.take(1) === 1n) {
      this.#leading = Number(this.#source.take(5));
      const meaningful = Number(this.#source.take(6)) || 64;
      this.#trailing = 64 - this.#leading - meaningful;
    }
    const meaningful = 64 - this.#leading - this.#trailing;
    this.bits ^= this.#source.take(meaningful) << BigInt(this.#trailing);
  }
}

class BitReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(count: number): bigint {
    let value = 0n;
    let left = count;
    while (left > 0) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new Error("the chunk is cut short");
      const free = 8 - (this.#at & 7);
      const some = Math.min(free, left);
      value = (value << BigInt(some)) | BigInt((byte >> (free - some)) & ((1 << some) - 1));
      this.#at += some;
      left -= some;
    }
    return value;
  }

  uvarint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.take(8);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return value;
    }
  }

  varint(): bigint {
    const raw = this.uvarint();
    return (raw & 1n) === 1n ? -((raw >> 1n) + 1n) : raw >> 1n;
  }
}
