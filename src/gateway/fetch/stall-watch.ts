import type { Dispatcher } from "undici";
import type { RequestSender } from "./http-client.ts";

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/** When a body is given up. Only time in which it is read, and no more has come, is counted. */
export interface StallBounds {
  /** ms between two looks. */
  tick: number;
  /** Bytes a look: fewer, over all looks of a window, is a stall. */
  bytes: number;
  /** Looks of the window as long as the answer is short: another replica can still answer instead. */
  early: number;
  /** Looks of the window where so much has come that a part of it may have been passed on. */
  later: number;
  /** Bytes of an answer that is short. */
  short: number;
}

/** 4 KiB a second. */
const defaults: StallBounds = { tick: 100, bytes: 410, early: 6, later: 30, short: 256 * 1024 };

/** Interim answers (1xx) to one request that are taken. */
const mostInterim = 100;

/** Looks without a byte after which the replica is doubted. */
const doubtful = 2;

export interface StallEvents {
  /** Bytes of the body. */
  came(bytes: number): void;
  /** Whether there is a reason for it to be slow: it is waited for as for an answer of which much has come. */
  isBusy(): boolean;
  /** Nothing has come for a moment. */
  doubt(): void;
  /** Something has come after all. */
  goesOn(): void;
  stalled(): void;
}

/** The server has sent hardly anything while its answer was waited for. */
export class Stalled extends Error {
  override readonly name = "Stalled";
}

/** Watches the bodies of answers: one that trickles, or of which nothing comes any more, errors with Stalled. */
export class StallWatch {
  readonly #bounds: StallBounds;
  readonly #bodies = new Set<WatchedBody>();
  #timer: NodeJS.Timeout | undefined;
  #looked = 0;

  constructor(bounds: Partial<StallBounds> = {}) {
    this.#bounds = { ...defaults, ...bounds };
  }

  /** Sends as the sender does, and watches what comes back. */
  over(sender: RequestSender, events: StallEvents): RequestSender {
    return {
      dispatch: (options, handler) =>
        sender.dispatch(
          options,
          new WatchedHandler(handler, (controller) => this.#begin(controller, events)),
        ),
    };
  }

  #begin(controller: Controller, events: StallEvents): WatchedBody {
    const body = new WatchedBody(controller, events, this.#bounds, () => this.#end(body));
    this.#bodies.add(body);
    if (!this.#timer) {
      this.#looked = performance.now();
      this.#timer = setInterval(() => this.#look(), this.#bounds.tick);
    }
    return body;
  }

  #end(body: WatchedBody): void {
    this.#bodies.delete(body);
    if (this.#bodies.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const now = performance.now();
    const sinceMs = now - this.#looked;
    this.#looked = now;
    // this process was held up: what has come meanwhile was not read yet
    if (sinceMs > this.#bounds.tick * 2) return;
    for (const body of this.#bodies) body.look();
  }
}

/** A body on its way. */
class WatchedBody {
  readonly #controller: Controller;
  readonly #events: StallEvents;
  readonly #bounds: StallBounds;
  readonly #over: () => void;
  /** Bytes of each look in the window. */
  readonly #window: number[] = [];
  #isIdle = false;
  #total = 0;
  #since = 0;

  constructor(controller: Controller, events: StallEvents, bounds: StallBounds, over: () => void) {
    this.#controller = controller;
    this.#events = events;
    this.#bounds = bounds;
    this.#over = over;
  }

  came(bytes: number): void {
    this.#total += bytes;
    this.#events.came(bytes);
    this.#since += bytes;
  }

  ended(): void {
    this.#over();
  }

  look(): void {
    // its reader has enough for now, so there was something
    if (this.#controller.paused) return this.#tell(false);
    const { bytes, early, later, short, tick } = this.#bounds;
    this.#window.push(this.#since);
    this.#since = 0;
    const looks = this.#total > short || this.#events.isBusy() ? later : early;
    while (this.#window.length > looks) this.#window.shift();
    const isIdle =
      this.#window.length >= doubtful && this.#window.slice(-doubtful).every((some) => some === 0);
    this.#tell(isIdle);
    const came = this.#window.reduce((sum, one) => sum + one, 0);
    if (this.#window.length < looks || came >= bytes * looks) return;
    this.#over();
    this.#events.stalled();
    const seconds = ((looks * tick) / 1000).toFixed(1);
    this.#controller.abort(new Stalled(`it sent ${came} bytes in ${seconds} s of waiting for its answer`));
  }

  #tell(isIdle: boolean): void {
    if (isIdle === this.#isIdle) return;
    this.#isIdle = isIdle;
    if (isIdle) this.#events.doubt();
    else this.#events.goesOn();
  }
}

/** Passes everything on. */
class WatchedHandler implements Handler {
  readonly #handler: Handler;
  readonly #begin: (controller: Controller) => WatchedBody;
  #body: WatchedBody | undefined;
  #interim = 0;

  constructor(handler: Handler, begin: (controller: Controller) => WatchedBody) {
    this.#handler = handler;
    this.#begin = begin;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStart(...args: Parameters<NonNullable<Handler["onResponseStart"]>>): void {
    const [controller, status] = args;
    if (status >= 200) this.#body = this.#begin(controller);
    else if (++this.#interim > mostInterim) controller.abort(new Error("its interim answers do not end"));
    this.#handler.onResponseStart?.(...args);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#body?.came(chunk.length);
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(...args: Parameters<NonNullable<Handler["onResponseEnd"]>>): void {
    this.#body?.ended();
    this.#handler.onResponseEnd?.(...args);
  }

  onResponseError(controller: Controller, error: Error): void {
    this.#body?.ended();
    this.#handler.onResponseError?.(controller, error);
  }
}
