import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/**
 * The least that may be called a balancer: each connection goes to the next of its targets in turn, and where that refuses it, to the
 * one after. It looks at nothing that is said, and repeats nothing.
 */
export class TcpBalancer implements AsyncDisposable {
  readonly url: string;
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** @param targets URLs */
  static async start(targets: readonly string[]): Promise<TcpBalancer> {
    const sockets = new Set<Socket>();
    let turn = 0;
    const server = createServer((client) => {
      const first = turn++;
      keep(client);
      const tryNext = (at: number): void => {
        const target = targets[(first + at) % targets.length];
        if (target === undefined || at >= targets.length) {
          client.resetAndDestroy();
          return;
        }
        const { hostname, port } = new URL(target);
        const upstream = connect(Number(port), hostname);
        keep(upstream);
        const refused = () => tryNext(at + 1);
        upstream.once("error", refused);
        upstream.once("connect", () => {
          upstream.off("error", refused);
          upstream.pipe(client);
          client.pipe(upstream);
          upstream.once("close", () => client.destroy());
          client.once("close", () => upstream.destroy());
        });
      };
      tryNext(0);
    });
    const keep = (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => sockets.delete(socket));
    };
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpBalancer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
