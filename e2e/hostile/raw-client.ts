import { once } from "node:events";
import { type Socket, connect } from "node:net";

/** What came back over a connection until it was closed, or until there was nothing more for a moment. */
export interface RawAnswer {
  /** latin1 */
  text: string;
  /** Of each answer in it, 100 Continue left out. */
  statuses: number[];
  isClosed: boolean;
  /** ms until the last byte, or until it was closed. */
  took: number;
}

/** ms of silence after an answer, after which no other is waited for. */
const quiet = 300;

/** A connection of a client that writes what it likes. */
export async function rawSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Sends bytes and hears what comes. @param withinMs until the first byte */
export async function rawAsk(
  port: number,
  send: string | Buffer | ((socket: Socket) => void | Promise<void>),
  withinMs = 20_000,
): Promise<RawAnswer> {
  const socket = await rawSocket(port);
  const began = performance.now();
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer = setTimeout(resolve, withinMs);
  let last = began;
  let isClosed = false;
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    last = performance.now();
    clearTimeout(timer);
    timer = setTimeout(resolve, quiet);
  });
  const closed = () => {
    if (!isClosed) last = performance.now();
    isClosed = true;
    resolve();
  };
  socket.once("end", closed);
  socket.once("close", closed);
  if (typeof send === "function") await send(socket);
  else socket.write(send);
  await promise;
  clearTimeout(timer);
  socket.destroy();
  const text = Buffer.concat(chunks).toString("latin1");
  const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z]/g)].map(([, status]) => Number(status));
  return { text, statuses: statuses.filter((status) => status >= 200), isClosed, took: last - began };
}
