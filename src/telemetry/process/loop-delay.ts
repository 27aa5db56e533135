import { monitorEventLoopDelay } from "node:perf_hooks";

/** ms between two looks at how late the event loop is. */
const resolution = 20;
/** Parts of the last minute, ms. */
const part = 15_000;
const parts = 4;

/** s */
export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
}

/**
 * How late the event loop was in the last minute: the worst of its quarters. Who asks, and how often, makes no difference: two servers that
 * scrape see the same.
 */
export class LoopDelayWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution });
  readonly #before: LoopDelay[] = [];
  readonly #timer = setInterval(() => this.#turn(), part).unref();

  constructor() {
    this.#histogram.enable();
  }

  get worst(): LoopDelay {
    const all = [...this.#before, this.#now()];
    const most = (name: keyof LoopDelay) => Math.max(...all.map((one) => one[name]));
    return { p50: most("p50"), p99: most("p99"), max: most("max") };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #turn(): void {
    this.#before.push(this.#now());
    while (this.#before.length >= parts) this.#before.shift();
    this.#histogram.reset();
  }

  #now(): LoopDelay {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50: 0, p99: 0, max: 0 };
    return {
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    };
  }
}

/** Of the time from one look to the next, which is what is recorded. @returns s */
const late = (ns: number): number => Math.max(0, ns / 1e6 - resolution) / 1000;
