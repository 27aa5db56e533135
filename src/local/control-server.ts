import http from "node:http";
import { rm } from "node:fs/promises";
import { type Complaint, PromfleetError } from "../errors/promfleet-error.ts";
import { acceptedSchema } from "./accepted-fleet.ts";
import { type ControlLine, largestRequest } from "./control-protocol.ts";
import { serverActions, type Supervisor } from "./supervisor.ts";

/** Everything that happens is told to whoever listens at that moment. */
export class Announcer {
  readonly #listeners = new Set<(sentence: string) => void>();

  say(sentence: string): void {
    for (const listener of this.#listeners) listener(sentence);
  }

  /** @returns how to stop listening */
  listen(listener: (sentence: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/**
 * Serves the control socket: GET /status, GET /events, POST /apply, /down, /servers/NAME/ACTION. Who may speak to it is who may open
 * the socket: its folder is the user's own.
 * @param onDown called once the fleet is down and that was answered
 */
export async function serveControl(
  socket: string,
  supervisor: Supervisor,
  announcer: Announcer,
  onDown: () => void,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    void answer(request, response, supervisor, announcer, onDown);
  });
  // a start may take as long as a write-ahead log
  server.requestTimeout = 0;
  // left by a supervisor that was killed; nobody else has this path
  await rm(socket, { force: true });
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(socket, listening.resolve);
  await listening.promise;
  return server;
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  supervisor: Supervisor,
  announcer: Announcer,
  onDown: () => void,
): Promise<void> {
  const write = (line: ControlLine) => {
    if (!response.destroyed) response.write(`${JSON.stringify(line)}\n`);
  };
  response.on("error", () => undefined);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  const asked = `${request.method} ${request.url}`;
  const stopListening =
    asked === "GET /status" ? undefined : announcer.listen((sentence) => write({ say: sentence }));
  try {
    if (asked === "GET /events") return await until(response);
    write({ done: await route(asked, request, supervisor, announcer) });
  } catch (error) {
    write({ failed: complaintsOf(error) });
  } finally {
    stopListening?.();
  }
  response.end();
  if (asked !== "POST /down") return;
  await until(response);
  onDown();
}

async function route(
  asked: string,
  request: http.IncomingMessage,
  supervisor: Supervisor,
  announcer: Announcer,
): Promise<unknown> {
  switch (asked) {
    case "GET /status":
      return await supervisor.status();
    case "POST /apply":
      return await supervisor.apply(acceptedSchema.parse(JSON.parse(await body(request))));
    case "POST /down":
      await supervisor.down((sentence) => announcer.say(sentence));
      return null;
    default: {
      const [, name, wanted] = /^POST \/servers\/([^/]+)\/([a-z]+)$/.exec(asked) ?? [];
      const action = serverActions.find((one) => one === wanted);
      if (name === undefined || action === undefined) throw new Error(`the supervisor knows no ${asked}`);
      return await supervisor.act(decodeURIComponent(name), action);
    }
  }
}

async function body(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestRequest) throw new Error("the request is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Until the response is out or its reader is gone. */
async function until(response: http.ServerResponse): Promise<void> {
  const closed = Promise.withResolvers<void>();
  if (response.destroyed) return;
  response.once("close", closed.resolve);
  await closed.promise;
}

function complaintsOf(error: unknown): readonly Complaint[] {
  if (error instanceof PromfleetError) return error.complaints;
  return [{ code: "INTERNAL", message: error instanceof Error ? error.message : String(error) }];
}
