import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** What is done to the bytes that a server answers. */
export type Fault =
  | { kind: "none" }
  /** The connection ends after so many bytes of the answer. */
  | { kind: "cut"; after: number }
  /** One byte of the answer is another. */
  | { kind: "corrupt"; at: number }
  /** The connection is closed at once. */
  | { kind: "refuse" };

/** Stands in front of a server and breaks its answers, at the level of bytes. */
export class FaultProxy implements AsyncDisposable {
  readonly url: string;
  /** Applies to connections that are made from now on, to each answer anew. */
  fault: Fault = { kind: "none" };
  /** Answers that the fault was done to. */
  struck = 0;
  /** Bytes of the longest answer. */
  longest = 0;
  readonly #sockets: Set<Socket>;
  readonly #close: () => Promise<void>;

  private constructor(url: string, sockets: Set<Socket>, close: () => Promise<void>) {
    this.url = url;
    this.#sockets = sockets;
    this.#close = close;
  }

  static async start(target: string): Promise<FaultProxy> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const server = createServer((client) => proxy.#serve(client, hostname, Number(port)));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const proxy = new FaultProxy(
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      sockets,
      async () => {
        server.close();
        for (const socket of sockets) socket.destroy();
        await once(server, "close");
      },
    );
    return proxy;
  }

  /** Ends all connections, so that the next requests come over new ones. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #serve(client: Socket, hostname: string, port: number): void {
    const { fault } = this;
    const server = connect(port, hostname);
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    if (fault.kind === "refuse") {
      this.struck++;
      client.resetAndDestroy();
      return;
    }
    let passed = 0;
    // a new request begins a new answer
    client.on("data", () => {
      passed = 0;
    });
    client.pipe(server);
    server.on("data", (bytes: Buffer) => {
      const begin = passed;
      passed += bytes.length;
      this.longest = Math.max(this.longest, passed);
      if (fault.kind === "corrupt" && fault.at >= begin && fault.at < passed) {
        bytes[fault.at - begin] = (bytes[fault.at - begin] ?? 0) ^ 0x20;
        this.struck++;
      }
      if (fault.kind === "cut" && passed > fault.after) {
        this.struck++;
        server.pause();
        client.end(bytes.subarray(0, fault.after - begin));
        return;
      }
      if (!client.write(bytes)) {
        server.pause();
        client.once("drain", () => server.resume());
      }
    });
  }
}
