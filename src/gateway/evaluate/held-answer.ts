import { Transform, type TransformCallback } from "node:stream";
import { spendBuffers } from "../read/spent-buffers.ts";
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
  readonly #warnings: readonly string[];
  #held: Buffer = Buffer.alloc(0);
  #ending = false;

  /**
   * @param check what becomes of the annotations; throws if the answer must not be believed
   * @param warnings that the gateway has to add
   */
  constructor(check: (annotations: Annotations) => Annotations, warnings: readonly string[] = []) {
    super();
    this.#check = check;
    this.#warnings = warnings;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    spendBuffers(chunk.length);
    if (this.#ending || chunk.length <= annotationsOverlap) this.#take(Buffer.concat([this.#held, chunk]));
    else {
      // all but the seam goes on uncopied
      const seam = Buffer.concat([this.#held, chunk.subarray(0, annotationsOverlap)]);
      const at = annotationsAt(seam);
      if (at >= 0 && at < this.#held.length) this.#take(Buffer.concat([this.#held, chunk]));
      else {
        this.push(this.#held);
        this.#take(chunk);
      }
    }
    const endless = this.#ending && this.#held.length > longestEnding;
    callback(endless ? new Error("the annotations of an answer do not end") : null);
  }

  /** Passes on what is certainly no part of the annotations, holds the rest. */
  #take(bytes: Buffer): void {
    const at = this.#ending ? 0 : annotationsAt(bytes);
    this.#ending ||= at >= 0;
    const released = this.#ending ? at : Math.max(0, bytes.length - annotationsOverlap);
    if (released > 0) this.push(bytes.subarray(0, released));
    // a copy: what is held must not keep all of a piece in memory
    this.#held = Buffer.from(bytes.subarray(released));
  }

  override _flush(callback: TransformCallback): void {
    try {
      callback(null, checkedEnding(this.#held, this.#check, this.#warnings));
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Checks the annotations in the end of an answer, or in a whole one, and adds warnings. */
export function checkedEnding(
  json: Buffer,
  check: (annotations: Annotations) => Annotations,
  warnings: readonly string[] = [],
): Buffer {
  const at = annotationsAt(json);
  const told = check(at < 0 ? {} : parseAnnotations(json.subarray(at)));
  if (at < 0 && warnings.length === 0 && !told.warnings && !told.infos) return json;
  const all = warnings.length > 0 ? { ...told, warnings: [...(told.warnings ?? []), ...warnings] } : told;
  return Buffer.concat([json.subarray(0, at < 0 ? json.lastIndexOf("}") : at), formatAnnotations(all)]);
}
