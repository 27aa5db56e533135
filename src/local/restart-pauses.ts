/** When to start again what has died: the first time at once, then with pauses that grow, and from the start after a good while. */
export class RestartPauses {
  #failures = 0;

  /**
   * @param livedMs how long the process that has just died lived
   * @returns ms to wait before the next start
   */
  next(livedMs: number): number {
    if (livedMs >= healthyMs) this.#failures = 0;
    const pause = this.#failures === 0 ? 0 : Math.min(longestMs, firstMs * 2 ** (this.#failures - 1));
    this.#failures++;
    return pause;
  }

  /** Deaths in a row, none of which lived for a healthy minute. */
  get failures(): number {
    return this.#failures;
  }
}

const firstMs = 250;
const longestMs = 30_000;
const healthyMs = 60_000;
