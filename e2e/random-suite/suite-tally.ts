import type { Verdict } from "./judge.ts";

/** How a gateway was, over many queries. */
export class SuiteTally {
  queries = 0;
  different = 0;
  bitEqual = 0;
  notEmpty = 0;
  /** Queries that the reference refuses. */
  errors = 0;
  /** Queries to which the reference, too, has several answers. */
  uncertain = 0;
  otherAnnotations = 0;
  points = 0;
  /** The most that was needed of the bound of additions, 1 being all of it. */
  #ofBound = 0;

  add(verdict: Verdict): void {
    this.queries++;
    if (verdict.difference !== undefined) this.different++;
    if (verdict.bitEqual) this.bitEqual++;
    if (verdict.notEmpty) this.notEmpty++;
    if (verdict.isError) this.errors++;
    if (verdict.isUncertain) this.uncertain++;
    if (verdict.annotations !== undefined) this.otherAnnotations++;
    this.points += verdict.points;
    if (verdict.difference === undefined) this.#ofBound = Math.max(this.#ofBound, verdict.ofBound);
  }

  toString(): string {
    const { queries, different, bitEqual, notEmpty, errors, uncertain, otherAnnotations, points } = this;
    return [
      `${different} of ${queries} differ`,
      `${notEmpty} not empty (${points} points)`,
      `${errors} errors`,
      `${bitEqual} equal to the bit, ${uncertain} one of several answers that the reference gives, the others within ${this.#ofBound.toFixed(2)} of the bound`,
      `${otherAnnotations} with other annotations`,
    ].join(", ");
  }
}
