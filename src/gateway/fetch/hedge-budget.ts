/** Second requests that may be made for each request, and how many may have been saved up. */
const defaults = { share: 0.05, burst: 10 };

/** Bounds second requests to a few in a hundred requests. */
export class HedgeBudget {
  readonly #share: number;
  readonly #burst: number;
  #left: number;

  /** @param share of requests @param burst that may be spent at once after a quiet time */
  constructor({ share, burst }: { share: number; burst: number } = defaults) {
    this.#share = share;
    this.#burst = burst;
    this.#left = burst;
  }

  /** A request is made. */
  earn(): void {
    this.#left = Math.min(this.#burst, this.#left + this.#share);
  }

  /** @returns whether there was one left */
  spend(): boolean {
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
