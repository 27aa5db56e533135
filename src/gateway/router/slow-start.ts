/** ms away after which a server comes back slowly: it may have replayed its WAL, and its caches are cold. */
const longAway = 3000;
/** ms in which its share grows from the first to the whole. */
const growth = 5000;
const firstShare = 0.1;

/** How much of its load a server takes that was away: from a tenth to all of it within some seconds. */
export class SlowStart {
  #since = Number.NEGATIVE_INFINITY;

  /** @param awayMs how long it was away @param now ms of the clock */
  cameBack(awayMs: number, now: number): void {
    if (awayMs >= longAway) this.#since = now;
  }

  /** Between 0 and 1. */
  share(now: number): number {
    return Math.min(1, firstShare + (1 - firstShare) * ((now - this.#since) / growth));
  }
}
