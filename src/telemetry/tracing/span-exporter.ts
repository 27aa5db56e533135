import type { EndedSpan } from "./span.ts";
import type { TracingSettings } from "./tracing-settings.ts";

/** Sends a batch. @returns the status of the answer @throws where there is none */
export type SendSpans = (spans: readonly EndedSpan[], signal: AbortSignal) => Promise<number>;

/** Answers after which the same may be sent again, as OTLP has it. */
const mayComeAgain = new Set([429, 502, 503, 504]);
/** ms before a batch is sent again, doubled with every time. */
const firstPause = 1000;
const tries = 4;
/** ms that are waited at the end for what is left to go out. */
const farewell = 2000;

/**
 * Holds spans that are over and sends them in batches, one at a time. Nobody waits for it: where the receiver does not keep up,
 * spans are dropped and counted.
 */
export class SpanExporter {
  readonly #settings: Pick<TracingSettings, "queue" | "timeoutMs">;
  readonly #send: SendSpans;
  readonly #say: (sentence: string) => void;
  readonly #over = new AbortController();
  #queue: EndedSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #isFailing = false;
  #sent = 0;
  #dropped = 0;

  /** @param say told when the receiver begins or ceases to take nothing */
  constructor(
    settings: Pick<TracingSettings, "queue" | "timeoutMs">,
    send: SendSpans,
    say: (sentence: string) => void,
  ) {
    this.#settings = settings;
    this.#send = send;
    this.#say = say;
  }

  /** For /metrics: spans. */
  get state(): { sent: number; dropped: number; waiting: number } {
    return { sent: this.#sent, dropped: this.#dropped, waiting: this.#queue.length };
  }

  add(span: EndedSpan): void {
    const { spans, batch, delayMs } = this.#settings.queue;
    if (this.#queue.length >= spans || this.#over.signal.aborted) {
      this.#dropped++;
      return;
    }
    this.#queue.push(span);
    if (this.#queue.length >= batch) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), delayMs).unref();
  }

  /** Sends what is left, for a moment. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#over.abort(), farewell);
    while (this.#queue.length > 0 && !this.#over.signal.aborted) {
      this.#flush();
      await this.#sending;
    }
    await this.#sending;
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#over.abort();
    this.#dropped += this.#queue.length;
    this.#queue = [];
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
      const { batch, delayMs } = this.#settings.queue;
      if (this.#queue.length >= batch) this.#flush();
      else if (this.#queue.length > 0) this.#timer ??= setTimeout(() => this.#flush(), delayMs).unref();
    });
  }

  async #sendAll(): Promise<void> {
    const spans = this.#queue.splice(0, this.#settings.queue.batch);
    if (spans.length === 0) return;
    let pause = firstPause;
    for (let left = tries - 1; ; left--) {
      const { why, again } = await this.#sendOnce(spans);
      if (why === undefined) {
        this.#sent += spans.length;
        if (this.#isFailing) this.#say("traces are taken again");
        this.#isFailing = false;
        return;
      }
      if (!this.#isFailing) this.#say(`traces are not taken, and some will be dropped: ${why}`);
      this.#isFailing = true;
      if (!again || left === 0 || this.#over.signal.aborted) break;
      await this.#pause(pause);
      pause *= 2;
    }
    this.#dropped += spans.length;
  }

  async #sendOnce(spans: readonly EndedSpan[]): Promise<{ why: string | undefined; again: boolean }> {
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(this.#settings.timeoutMs)]);
    try {
      const status = await this.#send(spans, signal);
      if (status >= 200 && status < 300) return { why: undefined, again: false };
      return { why: `the receiver answered ${status}`, again: mayComeAgain.has(status) };
    } catch (error) {
      return { why: error instanceof Error ? error.message || error.name : String(error), again: true };
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms).unref();
    const over = () => resolve();
    this.#over.signal.addEventListener("abort", over, { once: true });
    await promise;
    clearTimeout(timer);
    this.#over.signal.removeEventListener("abort", over);
  }
}
