import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { TlsFiles } from "../../tls/tls-files.ts";

/** ms that a client may take to shake hands. */
const handshakeTimeout = 10_000;
/** The first byte of whoever speaks TLS. */
const clientHello = 0x16;

const plainAnswer =
  "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\nThis gateway speaks HTTPS.\n";

/**
 * Stands between the connections and the HTTP server: those that come are secured with the certificate of the moment, or passed on as
 * they are where there is none. What is open stays as it was opened, until its next answer is out.
 */
export class TlsGate {
  #server: Server | undefined;
  /** How each connection that HTTP knows of was opened; undefined: without TLS. */
  readonly #openedBy = new WeakMap<Socket, Server | undefined>();
  readonly #shaking = new Set<Socket>();
  /** By both ends of the connection, those who wait for it to be secured. */
  readonly #waiting = new Map<string, (secured: TLSSocket) => void>();
  #certificate: TlsFiles["certificate"] | undefined;
  #failed = 0;

  /** For connections from now on. @param files undefined: without TLS */
  use(files: TlsFiles | undefined): void {
    this.#server = files && this.#serverOf(files);
    this.#certificate = files?.certificate;
  }

  /** For /metrics. */
  get state(): TlsState | undefined {
    if (!this.#certificate) return undefined;
    return { failed: this.#failed, notAfter: Date.parse(this.#certificate.validTo) / 1000 };
  }

  /**
   * Lets a connection through.
   * @param socket paused
   * @param bytes its first ones, which stand in its buffer, too
   * @param then told of what HTTP is spoken over: the connection itself, or what secures it
   */
  pass(socket: Socket, bytes: Buffer, then: (socket: Socket) => void): void {
    const server = this.#server;
    if (!server) {
      this.#openedBy.set(socket, undefined);
      return then(socket);
    }
    // whoever goes away while hands are shaken is nobody's mistake
    socket.on("error", () => {});
    if (bytes[0] !== clientHello) {
      this.#failed++;
      // the server, which would end it if its client did not, is not told of it
      socket.end(plainAnswer, () => socket.destroySoon());
      socket.resume();
      return;
    }
    const ends = endsOf(socket);
    const over = () => {
      this.#shaking.delete(socket);
      this.#waiting.delete(ends);
    };
    this.#shaking.add(socket);
    socket.once("close", over);
    this.#waiting.set(ends, (secured) => {
      over();
      socket.off("close", over);
      this.#openedBy.set(secured, server);
      then(secured);
    });
    server.emit("connection", socket);
  }

  /** Whether a connection was opened by other terms than those of now: it ends with its next answer. */
  isOutdated(socket: Socket): boolean {
    return this.#openedBy.has(socket) && this.#openedBy.get(socket) !== this.#server;
  }

  /** Ends the connections that HTTP does not know of yet. */
  close(): void {
    for (const socket of this.#shaking) socket.destroy();
  }

  #serverOf({ context, asksClients }: TlsFiles): Server {
    const server = createServer({
      ...context,
      requestCert: asksClients,
      // who is not known is told so in HTTP, and the health is anybody's
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
      handshakeTimeout,
    });
    server.on("secureConnection", (secured) => {
      const waiting = this.#waiting.get(endsOf(secured));
      if (waiting) waiting(secured);
      else secured.destroy();
    });
    server.on("tlsClientError", (_, secured) => {
      this.#failed++;
      secured.destroy();
    });
    return server;
  }
}

/** No two connections have both in common. */
function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}

export interface TlsState {
  /** Connections that shook no hands. */
  failed: number;
  /** s since 1970 up to which the certificate is good. */
  notAfter: number;
}
