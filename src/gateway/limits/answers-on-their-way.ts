import type { ServerResponse } from "node:http";

export interface AnswersLimits {
  /** Bytes that wait in the gateway for their clients to read them, over all answers. */
  bytes: number;
  /** Answers on their way of which nothing is read at the moment. */
  answers: number;
  /** ms in which a client that has read nothing is given up where it is too much. */
  patience: number;
  /** The same while other answers wait for room. */
  shortPatience: number;
}

interface OnItsWay {
  /** Bytes that the system has taken of its connection, and since when it has taken no more, ms. */
  written: number;
  since: number;
  /** How many wait for what it holds besides its room here. */
  waitedFor: () => number;
}

const nobodyWaits = () => 0;

/** ms between two looks. */
const every = 250;

/**
 * Bounds what clients that read slowly hold in memory. Where it is too much, those that have taken nothing for longest are given up: their
 * connections end in the middle of the answer.
 */
export class AnswersOnTheirWay {
  readonly #limits: AnswersLimits;
  readonly #answers = new Map<ServerResponse, OnItsWay>();
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #givenUp = 0;

  constructor(limits: AnswersLimits) {
    this.#limits = limits;
  }

  /** For /metrics. */
  get state(): { answers: number; bytes: number; givenUp: number } {
    let bytes = 0;
    for (const response of this.#answers.keys()) bytes += response.writableLength;
    return { answers: this.#answers.size, bytes, givenUp: this.#givenUp };
  }

  /**
   * Waits until one more answer may be on its way, with the longest wait first to be let in. For answers that come in pieces: each
   * keeps a piece of every shard's answer in memory.
   * @throws the signal's reason
   */
  async room(signal: AbortSignal): Promise<void> {
    if (this.#answers.size < this.#limits.answers && this.#waiting.size === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => reject(signal.reason as Error);
    signal.throwIfAborted();
    this.#waiting.add(resolve);
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      this.#waiting.delete(resolve);
      signal.removeEventListener("abort", leave);
    }
  }

  /**
   * Until its connection has taken all of it or is gone; most have been taken whole by then, and are not looked after.
   * @param waitedFor how many wait for what it holds besides its room here, as the places of reads at the servers: so many of those that
   * its client takes nothing of are given up, too
   */
  add(response: ServerResponse, waitedFor = nobodyWaits): void {
    const { socket } = response;
    if (!socket || response.destroyed || response.writableFinished) return;
    this.#answers.set(response, { written: socket.bytesWritten, since: performance.now(), waitedFor });
    response.once("close", () => {
      this.#answers.delete(response);
      this.#letIn();
      if (this.#answers.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#timer ??= setInterval(() => this.#look(), every).unref();
  }

  #letIn(): void {
    const [first] = this.#waiting;
    if (!first || this.#answers.size >= this.#limits.answers) return;
    this.#waiting.delete(first);
    first();
  }

  /** Of answers that others wait for in some other line, those that their clients are the cause of. */
  #giveUpHeld(now: number): void {
    const given = new Map<() => number, number>();
    for (const [response, { since, waitedFor }] of this.#answers) {
      const count = given.get(waitedFor) ?? 0;
      // of one that has nothing to be taken, the servers are slow
      if (response.writableLength === 0 || now - since < this.#limits.shortPatience) continue;
      if (count >= waitedFor()) continue;
      given.set(waitedFor, count + 1);
      this.#givenUp++;
      response.destroy();
    }
  }

  #look(): void {
    const now = performance.now();
    let bytes = 0;
    for (const [response, one] of this.#answers) {
      bytes += response.writableLength;
      // those that the connection holds count as written
      const written = (response.socket?.bytesWritten ?? 0) - response.writableLength;
      if (written === one.written) continue;
      one.written = written;
      one.since = now;
    }
    this.#giveUpHeld(now);
    const isWaitedFor = this.#waiting.size > 0;
    if (bytes <= this.#limits.bytes && this.#answers.size <= this.#limits.answers && !isWaitedFor) return;
    const patience = isWaitedFor ? this.#limits.shortPatience : this.#limits.patience;
    const stalled = [...this.#answers]
      .filter(([, { since }]) => now - since >= patience)
      .toSorted(([, left], [, right]) => left.since - right.since);
    let count = stalled.length;
    const most = Math.max(0, this.#limits.answers - this.#waiting.size);
    const tooMuch = () => bytes > this.#limits.bytes || count > most;
    for (const [response] of stalled) {
      if (!tooMuch()) return;
      bytes -= response.writableLength;
      count--;
      this.#givenUp++;
      response.destroy();
    }
  }
}
