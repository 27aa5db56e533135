/** How far a new value moves the estimate, as a factor's logarithm: much at first, and never so little that it stops to follow. */
const steps = { first: 0.6, last: 0.05 };

/**
 * A quantile of a stream of times in one number: each value pushes the estimate up or down by as much as keeps the wanted part of
 * them below it. It follows when the times change.
 */
export class LatencyQuantile {
  readonly #quantile: number;
  #count = 0;
  #ms: number | undefined;

  /** @param quantile between 0 and 1 */
  constructor(quantile: number) {
    this.#quantile = quantile;
  }

  /** ms; undefined while nothing is known. */
  get ms(): number | undefined {
    return this.#ms;
  }

  /** @param tookMs a time, or one that was waited in vain: all that counts is whether it is above the estimate */
  add(tookMs: number): void {
    const step = Math.max(steps.last, steps.first / Math.sqrt(++this.#count));
    const before = this.#ms;
    if (before === undefined) this.#ms = Math.max(tookMs, 0.1);
    else this.#ms = before * Math.exp(step * (this.#quantile - Number(tookMs <= before)));
  }
}
