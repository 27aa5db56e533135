import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** What it does with a query; undefined where it passes it on to the server. */
export type Misbehaviour = (request: http.IncomingMessage, response: http.ServerResponse) => void;

export interface MisbehavingFront {
  url: string;
  misbehave: Misbehaviour | undefined;
  /** Queries that came. */
  queries: number;
  close(): Promise<void>;
}

/** Stands in front of a server as a proxy that passes everything on, but may do as it likes with queries. */
export async function startFront(target: string): Promise<MisbehavingFront> {
  const server = http.createServer((request, response) => {
    response.on("error", () => {});
    if (request.url?.startsWith("/api/v1/query")) {
      front.queries++;
      if (front.misbehave) return front.misbehave(request, response);
    }
    const { method, headers, url } = request;
    const passed = http.request(target + url, { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const front: MisbehavingFront = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    misbehave: undefined,
    queries: 0,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return front;
}
