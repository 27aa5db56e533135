import { performance } from "node:perf_hooks";

/** ms that a turn of the event loop may take before fewer requests are worked on at a time. */
const longTurn = 25;
/** Requests that are worked on at a time whatever turns take: more of them than processors. */
const fewest = 8;

/** Where in the event loop this is asked. */
export interface LoopClock {
  /** Turns since the process was started. */
  turn: () => number;
  /** ms, monotonic. */
  now: () => number;
}

const eventLoop: LoopClock = {
  turn: () => performance.nodeTiming.uvMetricsInfo.loopCount,
  now: () => performance.now(),
};

/**
 * How many requests may be worked on at a time, so that whoever asks for the health does not wait behind all of them: what
 * servers have answered to them is worked on in one turn of the event loop. A turn that gets long halves it, once a turn; each
 * request that is over in a short one raises it, by eight for as many as there are. Requests that wait for slow servers make no
 * turn long.
 */
export class WorkingCeiling {
  readonly #clock: LoopClock;
  #ceiling = Number.POSITIVE_INFINITY;
  #turn = -1;
  #began = 0;
  #wasLong = false;

  constructor(clock = eventLoop) {
    this.#clock = clock;
  }

  /** @param limit requests, what was declared @returns what holds now, at most that */
  of(limit: number): number {
    return Math.min(limit, Math.floor(this.#ceiling));
  }

  /**
   * A request is over.
   * @param working that are worked on, it among them
   * @param limit what was declared
   */
  over(working: number, limit: number): void {
    const [turn, now] = [this.#clock.turn(), this.#clock.now()];
    if (turn !== this.#turn) {
      this.#turn = turn;
      this.#began = now;
      this.#wasLong = false;
    }
    if (now - this.#began > longTurn) {
      if (!this.#wasLong) this.#ceiling = Math.max(fewest, Math.min(working, this.#ceiling) / 2);
      this.#wasLong = true;
    } else if (this.#ceiling < limit) this.#ceiling += fewest / this.#ceiling;
  }
}
