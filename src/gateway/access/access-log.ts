import type { Writable } from "node:stream";
import { accessLine } from "./access-line.ts";
import type { RequestRecord } from "./request-record.ts";

/** Bytes of lines that wait for their reader. */
const mostWaiting = 256 * 1024;

/** Writes a line for each request. Where its reader takes none, lines are dropped and counted, and nobody waits. */
export class AccessLog {
  readonly #isOn: () => boolean;
  readonly #open: () => Writable;
  #stream: Writable | undefined;
  #written = 0;
  #dropped = 0;

  /**
   * @param isOn asked for each request
   * @param open called when there is a first line
   */
  constructor(isOn: () => boolean, open: () => Writable) {
    this.#isOn = isOn;
    this.#open = open;
  }

  /** For /metrics: lines. */
  get state(): { written: number; dropped: number } {
    return { written: this.#written, dropped: this.#dropped };
  }

  write(record: RequestRecord): void {
    if (!this.#isOn()) return;
    const stream = this.#openStream();
    if (!stream || stream.writableLength > mostWaiting) {
      this.#dropped++;
      return;
    }
    stream.write(accessLine(record));
    this.#written++;
  }

  #openStream(): Writable | undefined {
    if (this.#stream && !this.#stream.destroyed) return this.#stream;
    // a reader that has gone does not come back
    if (this.#stream) return undefined;
    try {
      this.#stream = this.#open();
      this.#stream.on("error", () => {});
      return this.#stream;
    } catch {
      return undefined;
    }
  }
}
