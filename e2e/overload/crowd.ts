/** Thousands of clients of a gateway, in a process of their own; told by messages what to do. */
import { once } from "node:events";
import { setPriority } from "node:os";
import { type Socket, connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export type CrowdOrder =
  /** Connections that stay and say nothing; half of them have asked for something before. */
  | { order: "idle"; count: number }
  /** Clients that ask and read a byte a second of the answer. */
  | { order: "slow"; count: number; path: string }
  /** Clients that all ask at once, each over a connection of its own. */
  | { order: "wave"; count: number; paths: readonly string[] }
  | { order: "leave" };

/** What became of an order. */
export interface CrowdReport {
  /** Of a wave: answers by what they were, the first bytes of those that are not known, and how long the last took in ms. */
  answers: Record<string, number>;
  longest: number;
  /** Connections that stand. */
  open: number;
}

// clients are on machines of their own: here they are not to take the gateway's processor
setPriority(10);
const port = Number(process.argv[2]);
const standing = new Set<Socket>();
let waves = 0;

/** @param host own address: ports of one address are soon used up */
async function join(host: string): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: host });
  await once(socket, "connect");
  standing.add(socket);
  socket.once("close", () => standing.delete(socket));
  socket.on("error", () => {});
  return socket;
}

const request = (path: string, connection: string) =>
  `GET ${path} HTTP/1.1\r\nHost: gateway\r\nConnection: ${connection}\r\n\r\n`;

async function idle(count: number): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const some = Array.from({ length: Math.min(100, count - done) }, async (_, index) => {
      const socket = await join("127.0.0.2");
      if (index % 2 === 0) return;
      socket.write(request("/api/v1/query?query=vector(1)", "keep-alive"));
      await once(socket, "data");
    });
    await Promise.all(some);
  }
}

async function slow(count: number, path: string): Promise<void> {
  const begun: Promise<unknown>[] = [];
  for (let done = 0; done < count; done++) {
    const socket = await join("127.0.0.3");
    socket.write(request(path, "close"));
    // paused: a byte a second is taken of it, and as much more as the system takes by itself
    begun.push(once(socket, "readable"));
    const timer = setInterval(() => socket.read(1), 1000);
    socket.once("close", () => clearInterval(timer));
  }
  // they are clients that read slowly once there is something to read
  await Promise.all(begun);
}

async function wave(
  count: number,
  paths: readonly string[],
): Promise<Pick<CrowdReport, "answers" | "longest">> {
  const host = `127.0.0.${10 + (waves++ % 200)}`;
  const sockets = await Promise.all(Array.from({ length: count }, async () => await join(host)));
  const began = performance.now();
  let longest = 0;
  const answers: Record<string, number> = {};
  const asking = sockets.map(async (socket, index) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    const closed = once(socket, "close");
    socket.write(request(paths[index % paths.length] ?? "/", "close"));
    await Promise.race([closed, pause(60_000, undefined, { ref: false })]);
    if (!socket.closed) chunks.push(Buffer.from("no end within a minute"));
    socket.destroy();
    longest = Math.max(longest, performance.now() - began);
    const kind = kindOf(Buffer.concat(chunks).toString());
    answers[kind] = (answers[kind] ?? 0) + 1;
  });
  await Promise.all(asking);
  return { answers, longest };
}

/** What an answer is: a whole one, a refusal as it should be, or what it begins with. */
function kindOf(answer: string): string {
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  const isWhole = length === undefined || Number(length) === body.length;
  if (/^HTTP\/1.1 200 /.test(head) && isWhole && body.includes('"status":"success"')) return "200";
  const isRefusal =
    /^HTTP\/1.1 503 /.test(head) && /^retry-after: \d/im.test(head) && body.includes("GATEWAY_BUSY");
  if (isRefusal && isWhole) return "503";
  return `${answer.slice(0, 40)} … ${answer.slice(-100)}`;
}

/** Within some seconds: many thousands at the very same moment are no clients any more. */
async function leave(): Promise<void> {
  let left = 0;
  for (const socket of standing) {
    socket.destroy();
    if (++left % 100 === 0) await pause(20);
  }
}

process.on("message", (order: CrowdOrder) => void follow(order));
process.on("disconnect", () => process.exit());

async function follow(order: CrowdOrder): Promise<void> {
  let told: Pick<CrowdReport, "answers" | "longest"> = { answers: {}, longest: 0 };
  if (order.order === "idle") await idle(order.count);
  else if (order.order === "slow") await slow(order.count, order.path);
  else if (order.order === "wave") told = await wave(order.count, order.paths);
  else await leave();
  process.send?.({ ...told, open: standing.size } satisfies CrowdReport);
}
