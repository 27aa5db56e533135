import { type Socket, connect } from "node:net";
import { LoopbackServer } from "./loopback-server.ts";

/** A byte of an answer, its status line and headers included; "anywhere" is drawn anew for each answer. */
export type Place = number | "anywhere";

/** What is done to the bytes that a server answers. */
export type Fault =
  | { kind: "none" }
  /** The connection ends after so many bytes of the answer. */
  | { kind: "cut"; after: Place }
  /** One byte of the answer is another. */
  | { kind: "corrupt"; at: Place }
  /** The connection is closed at once. */
  | { kind: "refuse" }
  /** Every answer comes so many ms later. */
  | { kind: "delay"; ms: number }
  /** After so many bytes, left out: none, the rest comes at so many bytes a second. */
  | { kind: "trickle"; perSecond: number; after?: Place }
  /** After so many bytes, left out: none, nothing more comes, and the connection stays. */
  | { kind: "hang"; after?: Place };

/** Bytes of a short answer with its headers. */
const shortest = 250;
/** ms between two pieces of an answer that trickles. */
const trickleEvery = 200;

/** Stands in front of a server and breaks its answers, at the level of bytes. */
export class FaultProxy implements AsyncDisposable {
  readonly url: string;
  /** Applies to each answer that begins from now on, also over connections that are kept. */
  fault: Fault = { kind: "none" };
  /** Answers that the fault was done to. */
  struck = 0;
  /** Bytes of the longest answer. */
  longest = 0;
  /** Base URL of the server; it may move. */
  target: string;
  readonly #random: () => number;
  readonly #server: LoopbackServer;

  private constructor(server: LoopbackServer, target: string, random: () => number) {
    this.url = server.url;
    this.target = target;
    this.#random = random;
    this.#server = server;
  }

  /** @param random numbers between 0 and 1, for places anywhere */
  static async start(target: string, random: () => number = Math.random): Promise<FaultProxy> {
    const server = await LoopbackServer.start((client, keep) => proxy.#serve(client, keep));
    const proxy = new FaultProxy(server, target, random);
    return proxy;
  }

  /** Ends all connections, so that the next requests come over new ones. */
  reset(): void {
    this.#server.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }

  #serve(client: Socket, keep: (socket: Socket) => void): void {
    const { hostname, port } = new URL(this.target);
    const server = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    keep(client);
    keep(server);
    client.on("error", () => {});
    client.on("close", () => server.destroy());
    // a server closes where its client has asked for that; what it has sent before goes on as slowly as it does
    server.on("end", () => {
      if (answer) answer.afterwards(() => client.end());
      else client.end();
    });
    server.on("error", () => {
      if (answer) answer.afterwards(() => client.destroy());
      else client.destroy();
    });
    let answer: FaultyAnswer | undefined;
    // nobody sends a request before the answer to the one before is whole: bytes of the client after some of the server begin anew
    client.on("data", () => {
      if (answer?.passed === 0) return;
      answer?.abandon();
      answer = this.#begin(client, server);
    });
    if (this.fault.kind === "refuse") this.#begin(client, server);
    client.pipe(server);
    server.on("data", (bytes: Buffer) => {
      answer?.came(bytes);
      this.longest = Math.max(this.longest, answer?.passed ?? 0);
    });
  }

  #begin(client: Socket, server: Socket): FaultyAnswer {
    const { fault } = this;
    if (fault.kind === "refuse") {
      this.struck++;
      client.resetAndDestroy();
    }
    return new FaultyAnswer(
      client,
      server,
      fault,
      (place) => this.#placed(place),
      () => this.struck++,
    );
  }

  /** Every other one early, where short answers are struck too; the others anywhere in the longest. */
  #placed(place: Place): number {
    if (place !== "anywhere") return place;
    const within = this.#random() < 0.5 ? shortest : Math.max(shortest, this.longest);
    return Math.floor(this.#random() * within);
  }
}

/** One answer on its way to the client. */
class FaultyAnswer {
  /** Bytes that the server has sent of it. */
  passed = 0;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #fault: Fault;
  readonly #place: number;
  readonly #strike: () => void;
  readonly #began = performance.now();
  readonly #timers = new Set<NodeJS.Timeout>();
  #isStruck = false;
  #isHanging = false;
  #afterwards: (() => void) | undefined;

  constructor(
    client: Socket,
    server: Socket,
    fault: Fault,
    placed: (place: Place) => number,
    strike: () => void,
  ) {
    this.#client = client;
    this.#server = server;
    this.#fault = fault;
    this.#strike = strike;
    this.#place =
      fault.kind === "corrupt"
        ? placed(fault.at)
        : fault.kind === "cut" || fault.kind === "trickle" || fault.kind === "hang"
          ? placed(fault.after ?? 0)
          : 0;
  }

  abandon(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Does something once all that came of it has gone on; never if it hangs. */
  afterwards(then: () => void): void {
    if (this.#isHanging) return;
    if (this.#timers.size > 0) this.#afterwards = then;
    else then();
  }

  came(bytes: Buffer): void {
    const begin = this.passed;
    this.passed += bytes.length;
    const isReached = this.passed > this.#place;
    const before = Math.max(0, this.#place - begin);
    switch (this.#fault.kind) {
      case "corrupt":
        if (isReached && this.#place >= begin) {
          bytes[before] = (bytes[before] ?? 0) ^ 0x20;
          this.#struck();
        }
        break;
      case "cut":
        if (!isReached) break;
        this.#struck();
        this.#server.pause();
        this.#client.end(bytes.subarray(0, before));
        return;
      case "hang":
        if (!isReached) break;
        this.#struck();
        this.#isHanging = true;
        this.#client.write(bytes.subarray(0, before));
        return;
      case "trickle":
        if (!isReached) break;
        this.#struck();
        this.#client.write(bytes.subarray(0, before));
        this.#server.pause();
        this.#trickle(bytes.subarray(before), this.#fault.perSecond);
        return;
      case "delay": {
        this.#struck();
        const wait = this.#began + this.#fault.ms - performance.now();
        if (wait <= 0) break;
        this.#server.pause();
        this.#later(wait, () => {
          this.#server.resume();
          this.#client.write(bytes);
        });
        return;
      }
      case "none":
      case "refuse":
        break;
    }
    if (this.#client.write(bytes)) return;
    this.#server.pause();
    this.#client.once("drain", () => this.#server.resume());
  }

  #trickle(bytes: Buffer, perSecond: number): void {
    const some = Math.max(1, Math.round((perSecond * trickleEvery) / 1000));
    this.#later(trickleEvery, () => {
      this.#client.write(bytes.subarray(0, some));
      if (bytes.length > some) this.#trickle(bytes.subarray(some), perSecond);
      else this.#server.resume();
    });
  }

  #later(ms: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#client.destroyed) return;
      then();
      if (this.#timers.size === 0) this.#afterwards?.();
    }, ms);
    this.#timers.add(timer);
  }

  /** Counted once. */
  #struck(): void {
    if (!this.#isStruck) this.#strike();
    this.#isStruck = true;
  }
}
