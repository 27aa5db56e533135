import { once } from "node:events";
import { type AddressInfo, type Socket, createServer } from "node:net";

/** Takes TCP connections on 127.0.0.1, and knows all sockets that belong to them. */
export class LoopbackServer implements AsyncDisposable {
  readonly url: string;
  readonly #sockets: Set<Socket>;
  readonly #close: () => Promise<void>;

  private constructor(url: string, sockets: Set<Socket>, close: () => Promise<void>) {
    this.url = url;
    this.#sockets = sockets;
    this.#close = close;
  }

  /** @param serve a client that has connected; `keep` takes sockets into its care, the client's too */
  static async start(
    serve: (client: Socket, keep: (socket: Socket) => void) => void,
  ): Promise<LoopbackServer> {
    const sockets = new Set<Socket>();
    const keep = (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    };
    const server = createServer((client) => serve(client, keep));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new LoopbackServer(url, sockets, async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    });
  }

  /** Ends all connections, so that the next requests come over new ones. */
  reset(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
