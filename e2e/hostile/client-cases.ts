import type { Socket } from "node:net";
import { gzipSync } from "node:zlib";

/** A request that is not as it should be, or only just. */
export interface ClientCase {
  name: string;
  send: string | Buffer | ((socket: Socket) => void | Promise<void>);
  /** Statuses of the one answer that are right. */
  want: readonly number[] | "any";
  /** So many answers, left out: one. Who has closed its side may have left: a server may do as if. */
  answers?: number | "at most one";
  /** What the answer says, too. */
  says?: RegExp;
  /** What is wrong ends the connection: nothing behind it is taken for a request. */
  ends?: boolean;
}

const crlf = "\r\n";
const host = `Host: gateway${crlf}`;
const good = "/api/v1/query?query=vector(1)";
/** A request that is smuggled behind another: its answer would be a second one. */
const smuggled = `GET /-/healthy HTTP/1.1${crlf}${host}${crlf}`;
const form = `Content-Type: application/x-www-form-urlencoded${crlf}`;

const get = (target: string, headers = "") => `GET ${target} HTTP/1.1${crlf}${host}${headers}${crlf}`;
const post = (headers: string, body: string) =>
  `POST /api/v1/query HTTP/1.1${crlf}${host}${form}${headers}${crlf}${body}`;
const whole = (body: string) => post(`Content-Length: ${Buffer.byteLength(body)}${crlf}`, body);

/** Requests of which two readers might make two different ones. */
const smuggling: ClientCase[] = (
  [
    [
      "a length and chunks",
      post(`Content-Length: 5${crlf}Transfer-Encoding: chunked${crlf}`, `0${crlf}${crlf}${smuggled}`),
    ],
    [
      "chunks and a length",
      post(`Transfer-Encoding: chunked${crlf}Content-Length: 5${crlf}`, `0${crlf}${crlf}${smuggled}`),
    ],
    ["two lengths", post(`Content-Length: 0${crlf}Content-Length: ${smuggled.length}${crlf}`, smuggled)],
    ["two lengths in one", post(`Content-Length: 0, ${smuggled.length}${crlf}`, smuggled)],
    ["a length below 0", post(`Content-Length: -1${crlf}`, smuggled)],
    ["a length with a sign", post(`Content-Length: +5${crlf}`, `abcde${smuggled}`)],
    ["a length in hexadecimal", post(`Content-Length: 0x5${crlf}`, `abcde${smuggled}`)],
    ["a length of 2^64", post(`Content-Length: 18446744073709551616${crlf}`, smuggled)],
    ["a length with a blank before the colon", post(`Content-Length : 5${crlf}`, `abcde${smuggled}`)],
    ["chunks, misspelt", post(`Transfer-Encoding: xchunked${crlf}`, `0${crlf}${crlf}${smuggled}`)],
    ["chunks, not last", post(`Transfer-Encoding: chunked, identity${crlf}`, `0${crlf}${crlf}${smuggled}`)],
    [
      "chunks behind a tabulator that is none",
      post(`Transfer-Encoding: \u000bchunked${crlf}`, `0${crlf}${crlf}${smuggled}`),
    ],
    [
      "a chunk size that is none",
      post(`Transfer-Encoding: chunked${crlf}`, `zz${crlf}abc${crlf}0${crlf}${crlf}${smuggled}`),
    ],
    [
      "a chunk size below 0",
      post(`Transfer-Encoding: chunked${crlf}`, `-1${crlf}abc${crlf}0${crlf}${crlf}${smuggled}`),
    ],
    [
      "a chunk size of 2^64",
      post(
        `Transfer-Encoding: chunked${crlf}`,
        `10000000000000000${crlf}abc${crlf}0${crlf}${crlf}${smuggled}`,
      ),
    ],
    [
      "a chunk longer than it says",
      post(`Transfer-Encoding: chunked${crlf}`, `1${crlf}abc${crlf}0${crlf}${crlf}${smuggled}`),
    ],
    ["a chunk that ends by LF", post(`Transfer-Encoding: chunked${crlf}`, `3\nabc\n0\n\n${smuggled}`)],
    [
      "a chunk extension of 1 MB",
      post(
        `Transfer-Encoding: chunked${crlf}`,
        `3;${"x".repeat(1 << 20)}${crlf}abc${crlf}0${crlf}${crlf}${smuggled}`,
      ),
    ],
    [
      "trailers of 1 MB",
      post(
        `Transfer-Encoding: chunked${crlf}`,
        `0${crlf}${`x: ${"x".repeat(1000)}${crlf}`.repeat(1000)}${crlf}${smuggled}`,
      ),
    ],
    [
      "a header that goes on in the next line",
      get(good, `X-Long: a${crlf} Transfer-Encoding: chunked${crlf}`) + smuggled,
    ],
    ["a header without a name", get(good, `: x${crlf}`) + smuggled],
    ["a header without a colon", get(good, `nothing${crlf}`) + smuggled],
    ["CR alone in a header", get(good, `X: a\rContent-Length: 5${crlf}`) + smuggled],
    ["NUL in a header", get(good, `X: a\0b${crlf}`) + smuggled],
    ["NUL in the path", get("/api/v1/query\0?query=1") + smuggled],
    ["no host", `GET ${good} HTTP/1.1${crlf}${crlf}${smuggled}`],
    ["two hosts", get(good, host) + smuggled],
    ["a blank in the target", get("/api/v1/query?query=1 +1") + smuggled],
    ["HTTP/9.9", `GET ${good} HTTP/9.9${crlf}${host}${crlf}${smuggled}`],
    ["a method that is none", `G@T ${good} HTTP/1.1${crlf}${host}${crlf}${smuggled}`],
    ["a method in lower case", `get ${good} HTTP/1.1${crlf}${host}${crlf}${smuggled}`],
  ] as const
).map(([name, send]) => ({ name, send, want: [400, 413, 431, 501, 505], ends: true }));

/** Other protocols, and what is rare in this one. */
const protocols: ClientCase[] = [
  { name: "HTTP/2", send: `PRI * HTTP/2.0${crlf}${crlf}SM${crlf}${crlf}`, want: [400, 505], ends: true },
  { name: "TLS", send: Buffer.from("16030100a5010000a10303", "hex"), want: [400], ends: true },
  { name: "SSH", send: `SSH-2.0-OpenSSH_9.9${crlf}`, want: [400], ends: true },
  { name: "SOCKS", send: Buffer.from("050100", "hex"), want: [400], ends: true },
  {
    name: "upgrade to websocket",
    send: get(good, `Connection: upgrade${crlf}Upgrade: websocket${crlf}`),
    want: [200],
  },
  {
    name: "upgrade to h2c",
    send: get(
      good,
      `Connection: Upgrade, HTTP2-Settings${crlf}Upgrade: h2c${crlf}HTTP2-Settings: AAMAAABk${crlf}`,
    ),
    want: [200],
  },
  { name: "CONNECT", send: `CONNECT 10.0.0.1:80 HTTP/1.1${crlf}${host}${crlf}`, want: [405], ends: true },
  { name: "TRACE", send: `TRACE / HTTP/1.1${crlf}${host}${crlf}`, want: [405] },
  { name: "OPTIONS *", send: `OPTIONS * HTTP/1.1${crlf}${host}${crlf}`, want: [404, 405] },
  { name: "an absolute target", send: get(`http://elsewhere${good}`), want: [200] },
  { name: "an absolute target without a path", send: get("http://elsewhere"), want: [200] },
  { name: "a target without a slash", send: get("api/v1/query?query=1"), want: [400, 404] },
  { name: "two slashes", send: get("//api/v1/query?query=1"), want: [404] },
  { name: "dots", send: get("/api/v1/../v1/query?query=1"), want: [404] },
  { name: "NUL in an escape of the path", send: get("/api/v1/label/a%00b/values"), want: [400] },
  {
    name: "escapes that are none",
    send: get("/api/v1/query?query=%zz"),
    want: [400],
    says: /invalid URL escape/,
  },
  {
    name: "Expect: 100-continue",
    send: post(`Expect: 100-continue${crlf}Content-Length: 15${crlf}`, "query=vector(1)"),
    want: [200],
    says: /100 Continue/,
  },
  {
    name: "Expect: something else",
    send: post(`Expect: more${crlf}Content-Length: 15${crlf}`, "query=vector(1)"),
    want: [417],
  },
  { name: "HTTP/1.0", send: `GET ${good} HTTP/1.0${crlf}${crlf}`, want: [200] },
  { name: "pipelined", send: get(good).repeat(20), want: [200], answers: 20 },
  { name: "a request packed with gzip", send: packed(), want: [400, 415] },
  { name: "a body of GET", send: get(good, `Content-Length: 5${crlf}`) + "abcde", want: [200] },
  { name: "10,000 headers", send: get(good, `a: b${crlf}`.repeat(10_000)), want: [200, 431] },
  { name: "a header of 1 MB", send: get(good, `a: ${"b".repeat(1 << 20)}${crlf}`), want: [431], ends: true },
  {
    name: "closed to one side after asking",
    send: (socket) => void socket.end(get(good)),
    want: "any",
    answers: "at most one",
    ends: true,
  },
  {
    name: "closed to one side within the headers",
    send: (socket) => void socket.end(get(good).slice(0, 40)),
    want: "any",
    answers: "at most one",
    ends: true,
  },
  {
    name: "closed to one side within the body",
    send: (socket) => void socket.end(whole("query=vector(1)").slice(0, -5)),
    want: [400],
    ends: true,
  },
];

function packed(): Buffer {
  const body = gzipSync("query=vector(1)");
  return Buffer.concat([
    Buffer.from(post(`Content-Encoding: gzip${crlf}Content-Length: ${body.length}${crlf}`, "")),
    body,
  ]);
}

const parens = (depth: number) => `${"(".repeat(depth)}1${")".repeat(depth)}`;

/** Requests that are large. */
const large: ClientCase[] = [
  {
    name: "10 MB of query, in the URL",
    send: get(`/api/v1/query?query=${"1".repeat(10 << 20)}`),
    // it may be closed to before all was sent
    want: [414, 431],
    answers: "at most one",
    ends: true,
  },
  { name: "10 MB of query", send: whole(`query=${"1".repeat(10 << 20)}`), want: [413, 400] },
  {
    name: "a body of 1 GB, it says",
    send: post(`Content-Length: ${1 << 30}${crlf}`, "query=1".repeat(10)),
    want: "any",
    answers: 0,
  },
  {
    name: "1,000,000 selectors",
    send: whole(Array.from({ length: 1e6 }, () => "match[]=up").join("&")).replace("/query", "/series"),
    want: [400, 413],
  },
  { name: "10,000 parentheses", send: whole(`query=${parens(10_000)}`), want: [200, 400, 422] },
  { name: "400,000 parentheses", send: whole(`query=${parens(400_000)}`), want: [400, 413, 422] },
  { name: "10,000 minus signs", send: whole(`query=${"-".repeat(10_000)}1`), want: [422] },
  {
    name: "10,000 sums",
    send: whole(`query=${"sum(".repeat(10_000)}m${")".repeat(10_000)}`),
    want: [422],
  },
  { name: "10,000 operands", send: whole(`query=m${"%2Bm".repeat(10_000)}`), want: [422] },
  { name: "10,000 braces that do not close", send: whole(`query=${"m{".repeat(10_000)}`), want: [422] },
  {
    name: "a regular expression that takes long elsewhere",
    send: whole(`query=${encodeURIComponent('m{host=~"(a*)*(a*)*(a*)*b"}')}`),
    want: [200, 400, 422],
  },
  {
    name: "a repetition that is too much",
    send: whole(`query=${encodeURIComponent('m{host=~"((a{1000}){1000}){1000}"}')}`),
    want: [400, 422],
  },
];

export const clientCases: readonly ClientCase[] = [...smuggling, ...protocols, ...large];
