import { setTimeout as pause } from "node:timers/promises";

/** ms; the longest pause after one piece of work. */
const longest = 2000;

/** Holds work to a share of the time, so that whoever it is done for has time for others. */
export class Pace {
  readonly #share: number;
  readonly #signal: AbortSignal;
  #owed = 0;

  /** @param share above 0, at most 1 */
  constructor(share: number, signal: AbortSignal) {
    this.#share = share;
    this.#signal = signal;
  }

  /** Does a piece of work, after a pause for what went before. @throws what the work throws; the signal's reason */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    // timers are not made for less
    if (this.#owed >= 1) {
      await pause(Math.min(this.#owed, longest), undefined, { signal: this.#signal });
      this.#owed = 0;
    }
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.#owed += (performance.now() - begun) * (1 / this.#share - 1);
    }
  }
}
