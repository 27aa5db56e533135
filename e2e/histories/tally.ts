import type { Comparison } from "../conformance/compare.ts";

/** How the answers of one system were, over all queries. */
export class Tally {
  queries = 0;
  /** Queries of which something differs. */
  different = 0;
  bitEqual = 0;
  points = 0;
  wrong = 0;
  /** How far off a value was at most, relative to the reference's. */
  worst = 0;
  /** ms, all together. */
  took = 0;

  add(compared: Comparison, took: number): void {
    this.queries++;
    if (compared.difference !== undefined) this.different++;
    if (compared.bitEqual) this.bitEqual++;
    this.points += compared.points;
    this.wrong += compared.wrong;
    if (Number.isFinite(compared.worst)) this.worst = Math.max(this.worst, compared.worst);
    this.took += took;
  }

  /** One line of the table. */
  toString(): string {
    const { queries, different, wrong, points, worst, bitEqual, took } = this;
    const off = worst < 0.01 ? worst.toExponential(1) : `${(worst * 100).toFixed(0)}%`;
    return [
      `${different} of ${queries} queries differ`,
      `${wrong} of ${points} points wrong (${percent(wrong, points)})`,
      `worst value ${off} off`,
      `${percent(bitEqual, queries)} of the answers equal to the bit`,
      `${(took / Math.max(1, queries)).toFixed(0)} ms a query`,
    ].join(", ");
  }
}

const percent = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(2)}%`;
