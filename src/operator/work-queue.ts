/** What is to be done about a key, and when again: ms; undefined: when something happens. */
export type Work = (key: string, signal: AbortSignal) => Promise<number | undefined>;

/** ms after a failure, doubled up to the last. */
const firstPause = 500;
const longestPause = 60_000;

interface Item {
  timer: NodeJS.Timeout | undefined;
  /** performance.now() of the timer. */
  due: number;
  running: boolean;
  /** Asked for while it was running. */
  again: boolean;
  failures: number;
}

/** Does one thing at a time about each key, again when it was asked for meanwhile, later when it failed. */
export class WorkQueue {
  readonly #work: Work;
  readonly #onFailure: (key: string, error: unknown) => void;
  readonly #width: number;
  readonly #items = new Map<string, Item>();
  readonly #ready: string[] = [];
  readonly #ending = new AbortController();
  #running = 0;
  #idle: (() => void) | undefined;

  /** @param width keys that are worked on at once */
  constructor(work: Work, width: number, onFailure: (key: string, error: unknown) => void) {
    this.#work = work;
    this.#width = width;
    this.#onFailure = onFailure;
  }

  /** Keys that are waiting for their turn. */
  get depth(): number {
    return this.#ready.length;
  }

  /** @param delayMs at the latest */
  ask(key: string, delayMs = 0): void {
    if (this.#ending.signal.aborted) return;
    const item = this.#items.get(key) ?? {
      timer: undefined,
      due: 0,
      running: false,
      again: false,
      failures: 0,
    };
    this.#items.set(key, item);
    if (delayMs <= 0) {
      clearTimeout(item.timer);
      item.timer = undefined;
      if (item.running) item.again = true;
      else if (!this.#ready.includes(key)) this.#ready.push(key);
      this.#go();
      return;
    }
    const due = performance.now() + delayMs;
    if (item.timer && item.due <= due) return;
    clearTimeout(item.timer);
    item.due = due;
    item.timer = setTimeout(() => this.ask(key), delayMs);
  }

  /** Ends what is under way, and takes nothing any more. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error("the operator is being stopped"));
    for (const { timer } of this.#items.values()) clearTimeout(timer);
    this.#ready.length = 0;
    if (this.#running === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    await promise;
  }

  #go(): void {
    while (this.#running < this.#width) {
      const key = this.#ready.shift();
      if (key === undefined) return;
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const item = this.#items.get(key);
    if (!item) return;
    this.#running++;
    item.running = true;
    let delay: number | undefined;
    try {
      delay = await this.#work(key, this.#ending.signal);
      item.failures = 0;
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#onFailure(key, error);
      delay = Math.min(firstPause * 2 ** item.failures++, longestPause) * (0.75 + 0.5 * Math.random());
    } finally {
      item.running = false;
      this.#running--;
    }
    if (item.again) {
      item.again = false;
      this.ask(key);
    } else if (delay !== undefined) this.ask(key, delay);
    else if (!item.timer) this.#items.delete(key);
    this.#go();
    if (this.#running === 0) this.#idle?.();
  }
}
