import { PromfleetError } from "../../errors/promfleet-error.ts";
import type { GatewayLimits } from "../../spec/fleet-spec.ts";
import type { WorkingCeiling } from "./working-ceiling.ts";

/** Lets so many requests be worked on at a time; more wait in line, and more than that are refused at the door. */
export class RequestAdmission {
  readonly #limits: () => Pick<GatewayLimits, "concurrency" | "queue">;
  readonly #line: (() => void)[] = [];
  readonly #refusal: (state: { working: number; waiting: number }) => PromfleetError;
  readonly #ceiling: WorkingCeiling | undefined;
  #working = 0;

  /**
   * @param limits asked anew for each request: they may change
   * @param refusal what those are told that are refused
   * @param ceiling makes more of them wait where the event loop is late
   */
  constructor(
    limits: () => Pick<GatewayLimits, "concurrency" | "queue">,
    refusal = gatewayBusy,
    ceiling?: WorkingCeiling,
  ) {
    this.#limits = limits;
    this.#refusal = refusal;
    this.#ceiling = ceiling;
  }

  /** For /metrics. */
  get state(): { working: number; waiting: number } {
    return { working: this.#working, waiting: this.#line.length };
  }

  /** Before anything else is done for a request: where many are refused, each has to cost next to nothing. @throws PromfleetError GATEWAY_BUSY */
  refuseIfFull(): void {
    const { queue } = this.#limits();
    if ((this.#working < this.#places() && this.#line.length === 0) || this.#line.length < queue) return;
    throw this.#refusal(this.state);
  }

  /** Waits for a place. @returns what gives it back @throws PromfleetError GATEWAY_BUSY; the signal's reason */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    this.refuseIfFull();
    if (this.#working >= this.#places() || this.#line.length > 0) {
      await this.#wait(signal);
    } else this.#working++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#ceiling?.over(this.#working, this.#limits().concurrency);
      this.#working--;
      this.#next();
    };
  }

  #places(): number {
    const { concurrency } = this.#limits();
    return this.#ceiling?.of(concurrency) ?? concurrency;
  }

  #next(): void {
    const places = this.#places();
    while (this.#working < places) {
      const first = this.#line.shift();
      if (!first) return;
      this.#working++;
      first();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      const at = this.#line.indexOf(resolve);
      if (at < 0) return;
      this.#line.splice(at, 1);
      reject(signal.reason as Error);
    };
    this.#line.push(resolve);
    // the limit may have been raised since the last one left
    this.#next();
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }
}

function gatewayBusy({ working, waiting }: { working: number; waiting: number }): PromfleetError {
  return new PromfleetError({
    code: "GATEWAY_BUSY",
    message: `${working} requests are worked on and ${waiting} wait`,
  });
}
