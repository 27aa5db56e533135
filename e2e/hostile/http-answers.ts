import { brotliCompressSync, deflateSync, gunzipSync, gzipSync } from "node:zlib";
import { untilElapsed } from "../harness/until.ts";
import { type Exchange, type Hostility, answerHead, withLength } from "./hostile-backend.ts";

export interface HostileAnswer extends Hostility {
  /** The answers that it is done to. */
  of: "any" | "json" | "frames" | "samples";
  /** Whoever understands HTTP well finds the right answer in it. */
  mayBeRight?: boolean;
  /** It takes some time to be found out. */
  isSlow?: boolean;
  /** As of a server that works at the query, or has much to say: the time of the query bounds it. */
  isSilent?: boolean;
  /** Nothing is missing, but something within is not as it should be. */
  isInside?: boolean;
}

/** The real answer's headers, without its length. */
export function typeOf({ real }: Exchange): Record<string, string> {
  const { "content-length": _, ...headers } = withLength(real);
  return headers;
}

/** What the server has packed, unpacked. */
export function plainBody({ real }: Exchange): Buffer {
  return real.headers["content-encoding"] === "gzip" ? gunzipSync(real.body) : real.body;
}

/** Another body, packed as the real one is, with a length that is right. */
export function sendPlain(exchange: Exchange, body: Buffer, headers: Record<string, string> = {}): void {
  const isPacked = exchange.real.headers["content-encoding"] === "gzip";
  const sent = isPacked ? gzipSync(body) : body;
  const head = { ...typeOf(exchange), ...headers, "content-length": String(sent.length) };
  exchange.socket.write(answerHead(200, head));
  exchange.socket.write(sent);
}

const half = (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1);
const crlf = "\r\n";

function chunked(exchange: Exchange, body: string | Buffer, end = `0${crlf}${crlf}`): void {
  const { socket } = exchange;
  socket.write(answerHead(200, { ...typeOf(exchange), "transfer-encoding": "chunked" }));
  socket.write(body);
  socket.write(end);
}

const chunk = (bytes: Buffer, size = bytes.length.toString(16)) =>
  Buffer.concat([Buffer.from(`${size}${crlf}`), bytes, Buffer.from(crlf)]);

/** Writes until nobody takes it any more. */
export async function flood({ socket }: Exchange, piece: string | Buffer, bytes: number): Promise<void> {
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += piece.length) {
    if (socket.write(piece)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once("drain", resolve);
    socket.once("close", resolve);
    await promise;
    socket.off("drain", resolve);
    socket.off("close", resolve);
  }
}

const gigabyte = 1024 ** 3;
/** A gigabyte of blanks in a megabyte: what is asked for stands before it. */
let bombs = new Map<string, Buffer>();
function bomb(before: Buffer): Buffer {
  const key = before.toString("latin1");
  const found =
    bombs.get(key) ?? gzipSync(Buffer.concat([before, Buffer.alloc(gigabyte / 8, 0x20)]), { level: 1 });
  bombs = new Map([[key, found]]);
  // packed parts one after the other are packed as a whole
  const blanks = bombs.get("") ?? gzipSync(Buffer.alloc(gigabyte / 8, 0x20), { level: 1 });
  return Buffer.concat([found, ...Array.from({ length: 7 }, () => blanks)]);
}

/** Lies and mistakes of HTTP. */
export function httpAnswers(elsewhere: string): HostileAnswer[] {
  const answer = (
    name: string,
    act: HostileAnswer["act"],
    more: Partial<HostileAnswer> = {},
  ): HostileAnswer => ({ name, of: "any", act, ...more });
  const withHead = (name: string, head: Record<string, string>, more: Partial<HostileAnswer> = {}) =>
    answer(
      name,
      (exchange) => {
        const { socket, real } = exchange;
        socket.write(answerHead(200, { ...typeOf(exchange), ...head }));
        socket.write(real.body);
      },
      more,
    );
  const withStatus = (status: number, head: Record<string, string> = {}, body = "") =>
    answer(`status ${status}`, ({ socket }) => {
      socket.write(answerHead(status, { "content-length": String(body.length), ...head }));
      socket.write(body);
    });
  const lines = (name: string, text: string, more: Partial<HostileAnswer> = {}) =>
    answer(name, ({ socket }) => void socket.write(text), more);
  return [
    answer(
      "length too large, and nothing more",
      (exchange) => {
        const { socket, real } = exchange;
        socket.write(
          answerHead(200, { ...typeOf(exchange), "content-length": String(real.body.length + 100) }),
        );
        socket.write(real.body);
      },
      { isSlow: true },
    ),
    answer("length too large, then the end", (exchange) => {
      const { socket, real } = exchange;
      socket.write(
        answerHead(200, { ...typeOf(exchange), "content-length": String(real.body.length + 100) }),
      );
      socket.end(real.body);
    }),
    answer("length too small", (exchange) => {
      const { socket, real } = exchange;
      const length = String(real.body.length - 10);
      socket.write(answerHead(200, { ...typeOf(exchange), "content-length": length }));
      socket.write(real.body);
    }),
    withHead("length that is no number", { "content-length": "many" }),
    withHead("length below 0", { "content-length": "-1" }),
    withHead("length of 30 digits", { "content-length": "9".repeat(30) }),
    answer("two lengths", (exchange) => {
      const { socket, real } = exchange;
      const head = answerHead(200, { ...typeOf(exchange), "content-length": String(real.body.length) });
      socket.write(
        head.replace(/content-length/, `Content-Length: ${real.body.length - 5}${crlf}content-length`),
      );
      socket.write(real.body);
    }),
    answer("a length and chunks", (exchange) => {
      const { socket, real } = exchange;
      const length = { "content-length": "5", "transfer-encoding": "chunked" };
      socket.write(answerHead(200, { ...typeOf(exchange), ...length }));
      socket.write(Buffer.concat([chunk(real.body), Buffer.from(`0${crlf}${crlf}`)]));
    }),
    answer("no length, and cut", (exchange) => {
      const { socket, real } = exchange;
      socket.write(answerHead(200, typeOf(exchange)));
      socket.end(half(real.body));
    }),
    answer("chunks without the last one", (exchange) => {
      const { socket, real } = exchange;
      chunked(exchange, chunk(half(real.body)), "");
      socket.end();
    }),
    answer("a chunk that is shorter than it says", (exchange) => {
      const { socket, real } = exchange;
      chunked(exchange, chunk(real.body, (real.body.length + 5).toString(16)), "");
      socket.end();
    }),
    answer("a chunk that is longer than it says", (exchange) =>
      chunked(exchange, chunk(exchange.real.body, (exchange.real.body.length - 5).toString(16))),
    ),
    answer("a chunk size that is none", (exchange) => chunked(exchange, chunk(exchange.real.body, "zz"))),
    answer("a chunk size below 0", (exchange) => chunked(exchange, chunk(exchange.real.body, "-5"))),
    answer("a chunk size of 2^64", (exchange) =>
      chunked(exchange, chunk(exchange.real.body, "10000000000000005")),
    ),
    answer(
      "a chunk size that does not end",
      async (exchange) => {
        chunked(exchange, "5;", "");
        await flood(exchange, "x".repeat(65_536), gigabyte);
      },
      { isSlow: true },
    ),
    answer(
      "trailers without end",
      async (exchange) => {
        chunked(exchange, chunk(exchange.real.body), `0${crlf}`);
        await flood(exchange, `x-trailer: ${"x".repeat(1000)}${crlf}`.repeat(60), gigabyte);
      },
      { isSlow: true },
    ),
    answer(
      "one byte after the other",
      async (exchange) => {
        const { socket, real } = exchange;
        socket.write(answerHead(200, withLength(real)));
        for (const byte of real.body) {
          if (socket.destroyed) return;
          socket.write(Buffer.from([byte]));
          await untilElapsed(100);
        }
      },
      { isSlow: true },
    ),
    answer(
      "headers, a byte after the other",
      async (exchange) => {
        const { socket, real } = exchange;
        for (const letter of answerHead(200, withLength(real))) {
          if (socket.destroyed) return;
          socket.write(letter);
          await untilElapsed(100);
        }
      },
      { isSlow: true, isSilent: true },
    ),
    answer("headers of 1 MB", (exchange) => {
      const { socket, real } = exchange;
      socket.write(answerHead(200, { ...withLength(real), "x-long": "x".repeat(1024 ** 2) }));
      socket.write(real.body);
    }),
    answer(
      "headers without end",
      async (exchange) => {
        exchange.socket.write(`HTTP/1.1 200 OK${crlf}`);
        await flood(exchange, `x-more: ${"x".repeat(1000)}${crlf}`.repeat(60), gigabyte);
      },
      { isSlow: true },
    ),
    answer(
      "1xx without end",
      async (exchange) =>
        await flood(exchange, `HTTP/1.1 103 Early Hints${crlf}link: x${crlf}${crlf}`.repeat(1000), gigabyte),
      { isSlow: true },
    ),
    answer(
      "1xx, a hundred times, then the answer",
      (exchange) => {
        const { socket, real } = exchange;
        socket.write(`HTTP/1.1 100 Continue${crlf}${crlf}`.repeat(100));
        socket.write(answerHead(200, withLength(real)));
        socket.write(real.body);
      },
      { mayBeRight: true },
    ),
    lines("101", `HTTP/1.1 101 Switching Protocols${crlf}upgrade: x${crlf}connection: upgrade${crlf}${crlf}`),
    withStatus(204, {}),
    withStatus(206, { "content-range": "bytes 0-0/100", "content-type": "application/json" }, "{"),
    withStatus(301, { location: elsewhere }),
    withStatus(302, { location: `${elsewhere}/api/v1/query` }),
    withStatus(307, { location: elsewhere }),
    withStatus(304, {}),
    withStatus(404, { "content-type": "text/html" }, "<h1>404</h1>"),
    withStatus(500, { "content-type": "text/plain" }, "oh no"),
    withStatus(999, {}, "what"),
    answer(
      "status 500 without end",
      async (exchange) => {
        exchange.socket.write(answerHead(500, { "content-length": String(gigabyte) }));
        await flood(exchange, "oh no ".repeat(10_000), gigabyte);
      },
      { isSlow: true },
    ),
    lines("a status that is none", `HTTP/1.1 two hundred${crlf}${crlf}`),
    lines("not HTTP", `SSH-2.0-OpenSSH_9.9${crlf}`),
    lines("HTTP/2", "\0\0\u0006\u0004\0\0\0\0\0\0\u0003\0\0\0d"),
    lines("NUL in a header", `HTTP/1.1 200 OK${crlf}content-type: app\0lication/json${crlf}${crlf}`),
    answer(
      "an answer before the request is whole",
      ({ socket }) => {
        socket.end(answerHead(503, { "content-length": "2", connection: "close" }) + "no");
      },
      { isEarly: true },
    ),
    answer("closed as soon as it was asked", ({ socket }) => void socket.destroy(), { isEarly: true }),
    answer("reset as soon as it was asked", ({ socket }) => void socket.resetAndDestroy(), { isEarly: true }),
    answer(
      "two answers",
      (exchange) => {
        const { socket, real } = exchange;
        const second = Buffer.from('{"status":"success","data":[]}');
        socket.write(answerHead(200, withLength(real)));
        socket.write(real.body);
        socket.write(
          answerHead(200, { "content-type": "application/json", "content-length": String(second.length) }),
        );
        socket.write(second);
      },
      { mayBeRight: true },
    ),
    answer("HTML", (exchange) => {
      sendPlain(exchange, Buffer.from("<html><body>Please sign in</body></html>"), {
        "content-type": "text/html",
      });
    }),
    answer("HTML that is called JSON", (exchange) =>
      sendPlain(exchange, Buffer.from("<html><body>Please sign in</body></html>")),
    ),
    answer("nothing at all", (exchange) => sendPlain(exchange, Buffer.alloc(0)), { of: "json" }),
    answer(
      "packed, with a byte that is another",
      (exchange) => {
        const body = gzipSync(plainBody(exchange));
        const at = body.length - 12;
        body[at] = (body[at] ?? 0) ^ 0x55;
        packedAs(exchange, body, "gzip");
      },
      { of: "json" },
    ),
    answer("packed, and cut", (exchange) => packedAs(exchange, half(gzipSync(plainBody(exchange))), "gzip"), {
      of: "json",
    }),
    answer(
      "packed, with the wrong length of what is in it",
      (exchange) => {
        const body = gzipSync(plainBody(exchange));
        body.writeUInt32LE(5, body.length - 4);
        packedAs(exchange, body, "gzip");
      },
      { of: "json" },
    ),
    answer("called packed, but plain", (exchange) => packedAs(exchange, plainBody(exchange), "gzip"), {
      of: "json",
    }),
    answer(
      "packed, but called plain",
      (exchange) => packedAs(exchange, gzipSync(plainBody(exchange)), "identity"),
      { of: "json" },
    ),
    answer(
      "packed twice",
      (exchange) => packedAs(exchange, gzipSync(gzipSync(plainBody(exchange))), "gzip"),
      { of: "json" },
    ),
    answer(
      "packed as nobody asked: br",
      (exchange) => packedAs(exchange, brotliCompressSync(plainBody(exchange)), "br"),
      { of: "json" },
    ),
    answer(
      "packed as nobody asked: deflate",
      (exchange) => packedAs(exchange, deflateSync(plainBody(exchange)), "deflate"),
      { of: "json" },
    ),
    answer("a gigabyte of blanks, packed", (exchange) => packedAs(exchange, bomb(Buffer.alloc(0)), "gzip"), {
      of: "json",
      isSlow: true,
    }),
    answer(
      "an answer and a gigabyte of blanks, packed",
      (exchange) => packedAs(exchange, bomb(half(plainBody(exchange))), "gzip"),
      { of: "json", isSlow: true },
    ),
  ];
}

function packedAs(exchange: Exchange, body: Buffer, encoding: string): void {
  const head = { ...typeOf(exchange), "content-encoding": encoding, "content-length": String(body.length) };
  exchange.socket.write(answerHead(200, head));
  exchange.socket.write(body);
}
