/** Exit code of what a shell takes for interrupted. */
export const interrupted = 130;

/**
 * ms in which another signal is the same one: a terminal sends Ctrl-C to everybody, and npm, npx and timeout send what they get on to
 * their child.
 */
const echo = 1000;

/** Ctrl-C: a fleet that is only half up, or that this terminal holds, goes down with it. */
export class Interrupt {
  readonly #abort = new AbortController();
  readonly #say: (sentence: string) => void;
  readonly #leave: () => void;
  #first = 0;

  /** @param leave ends this process at once */
  constructor(say: (sentence: string) => void, leave: () => void = () => process.exit(interrupted)) {
    this.#say = say;
    this.#leave = leave;
  }

  /** Takes the signals; without it they are left as they are. */
  listen(): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => this.take());
  }

  /** @param now ms, of a clock that only goes forward */
  take(now: number = performance.now()): void {
    if (this.#abort.signal.aborted) {
      if (now - this.#first >= echo) this.#leave();
      return;
    }
    this.#first = now;
    this.#say("going down; once more, and it is left to the supervisor");
    this.#abort.abort(new Error("interrupted"));
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }
}
