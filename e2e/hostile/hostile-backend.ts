import http from "node:http";
import type { Socket } from "node:net";
import { LoopbackServer } from "../harness/loopback-server.ts";

/** A request that came for a server, and what the server says to it. */
export interface Exchange {
  /** To whoever has asked. */
  socket: Socket;
  /** Of the API: "query_range", "read". */
  api: string;
  /** Headers of the request, names in lower case. */
  asked: ReadonlyMap<string, string>;
  real: RealAnswer;
}

export interface RealAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  /** As it came, packed or not. */
  body: Buffer;
}

/** What is answered in place of the server. */
export interface Hostility {
  name: string;
  /** Acts as soon as the headers have come: there is no real answer then. */
  isEarly?: boolean;
  act(exchange: Exchange): void | Promise<void>;
}

interface Asked {
  method: string;
  path: string;
  headers: Map<string, string>;
  body: Buffer;
}

const noAnswer: RealAnswer = { status: 0, headers: {}, body: Buffer.alloc(0) };
const endOfHead = Buffer.from("\r\n\r\n");

/** Stands in front of a server. While it is hostile, what it answers to requests for data is its own; probes go through. */
export class HostileBackend implements AsyncDisposable {
  readonly url: string;
  hostility: Hostility | undefined;
  /** Requests for data since it was last set to 0: that went through, and that were answered with hostility. */
  passed = 0;
  struck = 0;
  readonly #target: URL;
  readonly #server: LoopbackServer;
  readonly #agent = new http.Agent({ keepAlive: true });

  private constructor(server: LoopbackServer, target: string) {
    this.url = server.url;
    this.#target = new URL(target);
    this.#server = server;
  }

  static async start(target: string): Promise<HostileBackend> {
    const server = await LoopbackServer.start((client, keep) => {
      keep(client);
      client.on("error", () => {});
      void backend.#serve(client).catch(() => client.destroy());
    });
    const backend = new HostileBackend(server, target);
    return backend;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#server[Symbol.asyncDispose]();
  }

  /** One request after the other. */
  async #serve(socket: Socket): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const more = async () => {
      const next = await pieces.next();
      if (next.done) return false;
      rest = Buffer.concat([rest, next.value]);
      return true;
    };
    for (;;) {
      while (!rest.includes(endOfHead)) if (!(await more())) return;
      const at = rest.indexOf(endOfHead);
      const asked = headOf(rest.toString("latin1", 0, at));
      rest = rest.subarray(at + endOfHead.length);
      const api = apiOf(asked.path);
      const hostility = api === undefined ? undefined : this.hostility;
      if (hostility?.isEarly && api !== undefined) {
        this.struck++;
        await hostility.act({ socket, api, asked: asked.headers, real: noAnswer });
        return;
      }
      const length = Number(asked.headers.get("content-length") ?? 0);
      while (rest.length < length) if (!(await more())) return;
      const real = await this.#real({ ...asked, body: rest.subarray(0, length) });
      rest = rest.subarray(length);
      if (hostility && api !== undefined) {
        this.struck++;
        await hostility.act({ socket, api, asked: asked.headers, real });
      } else {
        if (api !== undefined) this.passed++;
        socket.write(answerHead(real.status, withLength(real)));
        socket.write(real.body);
      }
    }
  }

  async #real({ method, path, headers, body }: Asked): Promise<RealAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RealAnswer>();
    const { hostname, port } = this.#target;
    const passed = Object.fromEntries([...headers].filter(([name]) => name !== "connection"));
    const options = { hostname, port, method, path, headers: passed, agent: this.#agent };
    const request = http.request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    request.on("error", reject);
    request.end(body);
    return await promise;
  }
}

function headOf(text: string): Omit<Asked, "body"> {
  const [line = "", ...lines] = text.split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const headers = new Map(
    lines.map((one) => {
      const at = one.indexOf(":");
      return [one.slice(0, at).toLowerCase(), one.slice(at + 1).trim()] as const;
    }),
  );
  return { method, path, headers };
}

/** Undefined where it is a probe. */
function apiOf(path: string): string | undefined {
  const api = /^\/api\/v1\/([^?]+)/.exec(path)?.[1];
  return api?.startsWith("status/") ? undefined : api;
}

/** Of an answer whose length is told. */
export function withLength({ headers, body }: RealAnswer): Record<string, string> {
  const kept = Object.entries(headers).flatMap(([name, value]) =>
    ["transfer-encoding", "content-length", "connection", "keep-alive"].includes(name) ||
    typeof value !== "string"
      ? []
      : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), "content-length": String(body.length) };
}

/** Status line and headers, to the empty line. */
export function answerHead(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? "What"}\r\n${lines.join("")}\r\n`;
}
