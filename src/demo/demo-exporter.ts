import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { listenError } from "../errors/listen-error.ts";
import { chooseExposition } from "../telemetry/exposition/negotiate.ts";
import { DemoService } from "./demo-service.ts";

export interface DemoExporterOptions {
  /** Address to listen on: "127.0.0.1", "::1". */
  listen: string;
  /** One instance each; 0 has one chosen. */
  ports: readonly number[];
  seed: number;
  /** ms since 1970 */
  clock: () => number;
}

export interface DemoExporter {
  /** In the order of the instances. */
  ports: readonly number[];
  /** Ends all connections and waits until the ports are free. */
  close(): Promise<void>;
}

/** Starts one HTTP listener an instance. Rejects with PORT_TAKEN or LISTEN_FAILED, and then none is left listening. */
export async function startDemoExporter(options: DemoExporterOptions): Promise<DemoExporter> {
  const servers: Server[] = [];
  const close = async () => {
    await Promise.all(
      servers.map(async (server) => {
        if (!server.listening) return;
        server.close();
        server.closeAllConnections();
        await once(server, "close");
      }),
    );
  };
  try {
    for (const [instance, port] of options.ports.entries()) {
      const service = new DemoService({ seed: options.seed, instance });
      const server = createServer(
        // A scraper keeps its connection between two scrapes: close it later than any sensible interval.
        { keepAliveTimeout: 330_000, requestTimeout: 30_000 },
        answer(service, instance, options.clock),
      );
      servers.push(server);
      await listen(server, options.listen, port);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { ports: servers.map((server) => (server.address() as AddressInfo).port), close };
}

function answer(service: DemoService, instance: number, clock: () => number): RequestListener {
  return (request, response) => {
    const [path = "/"] = (request.url ?? "/").split("?", 1);
    const reply = (status: number, contentType: string, body: string | Buffer) => {
      response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    const plain = "text/plain; charset=utf-8";
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.setHeader("allow", "GET, HEAD");
      return reply(405, plain, "only GET and HEAD\n");
    }
    switch (path) {
      case "/metrics": {
        const exposition = chooseExposition(request.headers.accept);
        return reply(200, exposition.contentType, exposition.write(service.collect(clock())));
      }
      case "/":
        return reply(200, plain, `promfleet demo exporter, instance ${instance}: see /metrics\n`);
      case "/-/healthy":
        return reply(200, plain, "healthy\n");
      default:
        return reply(404, plain, "there is /metrics and nothing else\n");
    }
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    throw listenError(
      error,
      host,
      port,
      "Name another port in --ports, or leave --ports out to have free ones chosen.",
    );
  }
}
