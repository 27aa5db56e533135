/** Bytes of an end that are looked at: annotations may be long. */
const longest = 64 * 1024;

const annotations = /,"(?:warnings|infos)":\[(?:"(?:[^"\\]|\\.)*",?)*\]\}\s*$/;

/**
 * Whether the last bytes of an answer of a query API can be those of a whole one: a server that gives too short a length cuts it where
 * nothing else shows it.
 */
export function isEnding(last: Buffer): boolean {
  const text = last.toString("latin1", Math.max(0, last.length - longest));
  return /\}\}\s*$/.test(text.slice(-64)) || annotations.test(text);
}

/** The last bytes of what has come. */
export class LastBytes {
  #chunks: Buffer[] = [];
  #size = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#size - (this.#chunks[0]?.length ?? 0) > longest)
      this.#size -= this.#chunks.shift()?.length ?? 0;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
