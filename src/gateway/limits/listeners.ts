import { once } from "node:events";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { listenError } from "../../errors/listen-error.ts";

/**
 * As many connections are taken in one turn of the event loop: a listener hands over one, so that the last of thousands that come at once
 * would wait for as many turns.
 */
const count = 8;
/** Connections that may come at each before they are taken. */
const backlog = 4096;

/** Several listeners on one address. */
export class Listeners {
  readonly #servers: readonly Server[];

  /**
   * @param main a server that has its own listeners of connections
   * @param connected told of the connections of all others
   */
  constructor(main: Server, connected: (socket: Socket) => void) {
    // as an HTTP server has its own connections
    const options = { allowHalfOpen: true, noDelay: true };
    const more = Array.from({ length: count - 1 }, () => createServer(options, connected));
    this.#servers = [main, ...more];
  }

  /** @returns the port @throws PromfleetError PORT_TAKEN, LISTEN_FAILED */
  async open(host: string, port: number): Promise<number> {
    const [main] = this.#servers as readonly [Server];
    try {
      // Who shares a port does not notice that it is somebody else's: it is taken alone at first.
      const alone = createServer();
      const chosen = await listen(alone, { host, port });
      alone.close();
      await once(alone, "close");
      try {
        for (const server of this.#servers) await listen(server, { host, port: chosen, reusePort: true });
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        await listen(main, { host, port: chosen });
      }
      return chosen;
    } catch (error) {
      for (const server of this.#servers) server.close();
      throw listenError(error, host, port);
    }
  }

  /** Takes no more connections; resolves when all have ended. */
  async close(): Promise<void> {
    await Promise.all(
      this.#servers
        .filter(({ listening }) => listening)
        .map(async (server) => {
          const closed = once(server, "close");
          server.close();
          await closed;
        }),
    );
  }
}

async function listen(server: Server, address: { host: string; port: number; reusePort?: boolean }) {
  server.listen({ ...address, backlog });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Not every system can share a port among listeners. */
const isUnsupported = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOTSUP" || error.code === "EINVAL");
