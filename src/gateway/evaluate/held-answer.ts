import { Transform, type TransformCallback } from "node:stream";
import {
  type Annotations,
  annotationsAt,
  annotationsOverlap,
  formatAnnotations,
  parseAnnotations,
} from "./evaluator-warnings.ts";

/** Bytes of annotations that are believed; more are an error. */
const longestEnding = 1024 ** 2;

/**
 * Passes an answer of the query API on, but not its end: what may be the beginning of its annotations is held back until the
 * annotations were seen and found good.
 */
export class HeldAnswer extends Transform {
  readonly #check: (annotations: Annotations) => Annotations;
  #held: Buffer = Buffer.alloc(0);
  #ending = false;

  /** @param check what becomes of the annotations; throws if the answer must not be believed */
  constructor(check: (annotations: Annotations) => Annotations) {
    super();
    this.#check = check;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    if (this.#ending) {
      this.#held = bytes;
      callback(bytes.length > longestEnding ? new Error("the annotations of an answer do not end") : null);
      return;
    }
    const at = annotationsAt(bytes);
    this.#ending = at >= 0;
    const released = this.#ending ? at : Math.max(0, bytes.length - annotationsOverlap);
    this.#held = bytes.subarray(released);
    if (released > 0) this.push(bytes.subarray(0, released));
    callback();
  }

  override _flush(callback: TransformCallback): void {
    try {
      callback(null, checkedEnding(this.#held, this.#check));
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Checks the annotations in the end of an answer, or in a whole one. */
export function checkedEnding(json: Buffer, check: (annotations: Annotations) => Annotations): Buffer {
  const at = annotationsAt(json);
  if (at < 0) return json;
  const checked = formatAnnotations(check(parseAnnotations(json.subarray(at))));
  return Buffer.concat([json.subarray(0, at), checked]);
}
