import type { Server } from "node:http";
import type { Socket } from "node:net";

export interface FrontDoorLimits {
  /** Connections; of more, the one that has been idle for longest makes room. */
  connections: number;
  /** ms without a word, after which a new connection is ended. */
  silence: number;
}

/** What connections pass on their way to HTTP, such as TLS. */
export interface Gate {
  /**
   * @param socket paused
   * @param bytes the first ones of the connection, which stand in its buffer, too
   * @param then told of what HTTP is spoken over
   */
  pass(socket: Socket, bytes: Buffer, then: (socket: Socket) => void): void;
}

const openGate: Gate = { pass: (socket, _, then) => then(socket) };

/** ms that a request may wait while connections are coming: the system hands them over one a turn, and any may ask for the health. */
const longestHold = 5;

/** Beginnings of requests that take next to no work, and are to be answered whatever else is going on. */
const first = ["GET /-/", "HEAD /-/", "GET /metrics"].map((text) => Buffer.from(text));

/**
 * Stands before an HTTP server. A connection gets the server's parser, which is most of its memory, when its first bytes have come; where
 * many come at once they are let in one at a time, with whatever else is due in between. Questions after the gateway's health go first.
 */
export class FrontDoor {
  readonly #limits: FrontDoorLimits;
  readonly #letIn: (socket: Socket, bytes: Buffer) => void;
  /** What secures a connection: the server knows that one. */
  readonly #under = new WeakMap<Socket, Socket>();
  /** All that are open. */
  readonly #open = new Set<Socket>();
  /** Those that have no request under way, the one that has been so for longest first; since when, ms. */
  readonly #quiet = new Map<Socket, number>();
  /** Those that have not said a word: the server knows nothing of them. */
  readonly #strangers = new Set<Socket>();
  #line: (() => void)[] = [];
  #next = 0;
  #cameSince = false;
  #admitted = 0;
  readonly #sweep: NodeJS.Timeout;
  #refused = 0;

  /**
   * Takes the server's connections over.
   * @param gate what else they have to pass
   */
  constructor(server: Server, limits: FrontDoorLimits, gate: Gate = openGate) {
    this.#limits = limits;
    const listeners = server.listeners("connection") as ((socket: Socket) => void)[];
    server.removeAllListeners("connection");
    this.#letIn = (socket, bytes) =>
      gate.pass(socket, bytes, (secured) => {
        if (secured !== socket) {
          this.#under.set(secured, socket);
          this.idle(socket);
        }
        for (const listener of listeners) listener.call(server, secured);
        // what secures a connection reads it by itself, from its first byte on: nothing may flow past it
        if (secured === socket) socket.resume();
      });
    server.on("connection", (socket: Socket) => this.enter(socket));
    this.#sweep = setInterval(() => this.#endSilent(), limits.silence / 4).unref();
  }

  /** For /metrics. */
  get state(): { open: number; refused: number } {
    return { open: this.#open.size, refused: this.#refused };
  }

  /** A request on a connection is under way. */
  busy(socket: Socket): void {
    this.#quiet.delete(this.#under.get(socket) ?? socket);
  }

  /** Its answer is out. */
  idle(socket: Socket): void {
    const own = this.#under.get(socket) ?? socket;
    if (this.#open.has(own)) this.#quiet.set(own, performance.now());
  }

  /** Ends the connections that have not said a word. */
  close(): void {
    clearInterval(this.#sweep);
    for (const socket of this.#strangers) socket.destroy();
  }

  /** A connection has come, of the server or of another listener. */
  enter(socket: Socket): void {
    this.#cameSince = true;
    if (this.#open.size >= this.#limits.connections) {
      this.#refused++;
      const [longest = socket] = this.#quiet.keys();
      longest.destroy();
      this.#forget(longest);
      if (longest === socket) return;
    }
    this.#open.add(socket);
    this.#quiet.set(socket, performance.now());
    this.#strangers.add(socket);
    socket.once("close", () => this.#forget(socket));
    const failed = () => void socket.destroy();
    socket.once("error", failed);
    // what it might still be told it has not asked for
    socket.once("end", failed);
    socket.once("data", (bytes: Buffer) => {
      socket.pause();
      this.#quiet.delete(socket);
      this.#strangers.delete(socket);
      const enter = () => {
        if (socket.destroyed) return;
        socket.off("error", failed);
        socket.off("end", failed);
        socket.unshift(bytes);
        this.#letIn(socket, bytes);
      };
      if (first.some((text) => bytes.subarray(0, text.length).equals(text))) enter();
      else this.#wait(enter);
    });
  }

  #forget(socket: Socket): void {
    this.#open.delete(socket);
    this.#quiet.delete(socket);
    this.#strangers.delete(socket);
  }

  #wait(enter: () => void): void {
    this.#line.push(enter);
    if (this.#line.length - this.#next === 1) setImmediate(() => this.#admit());
  }

  /** One of those in line, in each turn of the event loop. */
  #admit(): void {
    const now = performance.now();
    if (!this.#cameSince || now - this.#admitted > longestHold) {
      this.#admitted = now;
      this.#line[this.#next++]?.();
    }
    this.#cameSince = false;
    if (this.#next < this.#line.length) setImmediate(() => this.#admit());
    // those that are in are not kept
    if (this.#next < Math.min(this.#line.length, 1000)) return;
    this.#line = this.#line.slice(this.#next);
    this.#next = 0;
  }

  #endSilent(): void {
    const before = performance.now() - this.#limits.silence;
    for (const [socket, since] of this.#quiet) {
      if (since > before) return;
      // the server ends those that it knows by itself
      if (this.#strangers.has(socket)) socket.destroy();
    }
  }
}
