const separator = 0x00;
const escape = 0x01;

/**
 * Builds the string that sorts like a label set: comparing two keys with `<` gives what Prometheus' labels.Compare gives, that is
 * name, then value, label by label, bytewise over UTF-8, and the shorter set first. One character a byte.
 *
 * Every name and value is followed by the byte 0. A 0 inside becomes 1 1, a 1 becomes 1 2: the order stays as it was.
 */
export class LabelKeyBuilder {
  #bytes: Buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  reset(): void {
    this.#length = 0;
  }

  /** Adds a name or a value. */
  add(source: Uint8Array, from: number, to: number): void {
    const needed = this.#length + 2 * (to - from) + 1;
    if (needed > this.#bytes.length) this.#grow(needed);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let position = from; position < to; position++) {
      const byte = source[position] ?? 0;
      if (byte > escape) bytes[at++] = byte;
      else {
        bytes[at++] = escape;
        bytes[at++] = byte + 1;
      }
    }
    bytes[at++] = separator;
    this.#length = at;
  }

  finish(): string {
    return this.#bytes.toString("latin1", 0, this.#length);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(needed * 2);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** The part of a key that a label leaves in it, with the separator before it where it is not the first label. */
export function labelInKey(name: string, value: string): string {
  const builder = new LabelKeyBuilder();
  for (const part of [name, value]) {
    const bytes = Buffer.from(part);
    builder.add(bytes, 0, bytes.length);
  }
  return builder.finish();
}

/** Whether the label set of a key has the label that `part` was made from by labelInKey. */
export function keyHasLabel(key: string, part: string): boolean {
  return key.startsWith(part) || key.includes(`\u0000${part}`);
}

const longestDescription = 300;

/** The labels of a key as PromQL writes them, for messages. */
export function describeKey(key: string): string {
  const parts = key.split("\u0000").slice(0, -1).map(unescapePart);
  const labels: string[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    labels.push(`${parts[index]}=${JSON.stringify(parts[index + 1])}`);
  }
  const all = `{${labels.join(", ")}}`;
  return all.length > longestDescription ? `${all.slice(0, longestDescription)}…` : all;
}

function unescapePart(part: string): string {
  let bytes = "";
  for (let at = 0; at < part.length; at++) {
    const code = part.charCodeAt(at);
    bytes += code === escape ? String.fromCharCode(part.charCodeAt(++at) - 1) : part[at];
  }
  return Buffer.from(bytes, "latin1").toString();
}
