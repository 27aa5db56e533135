import { PromfleetError } from "../../errors/promfleet-error.ts";
import type { ReadSpool } from "../read/reading-query.ts";

/** What a query may use while it is evaluated. */
export interface AdmittedReads {
  /** Set where the query makes more reads than there is room for: its answers then wait in memory instead of at the servers. */
  spool: (() => ReadSpool) | undefined;
  /** To be called once. */
  release(): void;
}

/**
 * Lets a query in only when all of its reads have room at every server. An evaluator opens its selectors one after another and
 * drains them only afterwards, so two queries that are each half let in would wait for each other.
 *
 * Every read goes to one replica of every shard, so one number is enough for all of them.
 */
export class ReadAdmission {
  readonly #room: () => number;
  readonly #spoolBytes: number;
  readonly #waiting: { reads: number; enter: () => void }[] = [];
  #used = 0;

  /**
   * @param room reads that may be open at a time; asked anew for each query
   * @param spoolBytes that a query with more reads than that may hold in memory
   */
  constructor(room: () => number, spoolBytes: number) {
    this.#room = room;
    this.#spoolBytes = spoolBytes;
  }

  /** For /metrics. */
  get state(): { room: number; used: number; waiting: number } {
    return { room: this.#room(), used: this.#used, waiting: this.#waiting.length };
  }

  /** Waits in line. @throws the signal's reason */
  async enter(reads: number, signal: AbortSignal): Promise<AdmittedReads> {
    const room = Math.max(1, this.#room());
    const taken = Math.min(reads, room);
    await this.#take(taken, signal);
    return {
      spool: reads > room ? () => new TurnsAndBytes(taken, this.#spoolBytes) : undefined,
      release: () => {
        this.#used -= taken;
        this.#next();
      },
    };
  }

  async #take(reads: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (reads === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const place = { reads, enter: resolve };
    const leave = () => {
      const at = this.#waiting.indexOf(place);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason as Error);
      this.#next();
    };
    this.#waiting.push(place);
    this.#next();
    signal.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #next(): void {
    const room = Math.max(1, this.#room());
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      // room can shrink below what the first one wants: it then goes alone
      if (this.#used > 0 && this.#used + first.reads > room) return;
      this.#waiting.shift();
      this.#used += first.reads;
      first.enter();
    }
  }
}

/** Turns for the reads of one query, and the bytes that their answers may hold together. */
class TurnsAndBytes implements ReadSpool {
  readonly #turns: ReadAdmission;
  readonly #limit: number;
  #held = 0;

  constructor(turns: number, limit: number) {
    this.#turns = new ReadAdmission(() => turns, 0);
    this.#limit = limit;
  }

  async turn(signal: AbortSignal): Promise<() => void> {
    const admitted = await this.#turns.enter(1, signal);
    return () => admitted.release();
  }

  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#held <= this.#limit) return;
    throw new PromfleetError({
      code: "QUERY_TOO_MUCH_DATA",
      message: `the query has more selectors than its servers answer at once, and their data is more than ${this.#limit} bytes`,
      advice:
        "Raise --storage.remote.read-concurrent-limit of the servers (1024 is what promfleet gives its own), or ask with fewer selectors.",
    });
  }
}
