import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { PromfleetError } from "../errors/promfleet-error.ts";
import type { AccessLog } from "./access/access-log.ts";
import { requestId } from "./access/request-id.ts";
import { RequestRecord } from "./access/request-record.ts";
import { chooseExposition } from "../telemetry/exposition/negotiate.ts";
import type { MetricFamily } from "../telemetry/exposition/metric-family.ts";
import type { AnswersOnTheirWay } from "./limits/answers-on-their-way.ts";
import { FrontDoor, type FrontDoorLimits } from "./limits/front-door.ts";
import { Listeners } from "./limits/listeners.ts";
import type { RequestAdmission } from "./limits/request-admission.ts";
import type { RequestMetrics } from "./metrics/request-metrics.ts";
import { type ApiError, apiError, codeOf, errorAnswer } from "./protocol/error-answer.ts";
import { parseForm, readParams } from "./protocol/form.ts";
import { writeAnswer } from "./protocol/write-answer.ts";
import type { Answer } from "./planner/query-request.ts";
import { countRequest, crowdedWhile } from "./read/spent-buffers.ts";
import { decodeRead } from "./reads/decode-read.ts";
import type { TlsGate } from "./tls/tls-gate.ts";
import type { Tenancy } from "./tenancy/tenancy.ts";
import type { GatewayTracing } from "./tracing/gateway-tracing.ts";
import type { Visit } from "./tenancy/visit.ts";
import type { GatewayLimits } from "../spec/fleet-spec.ts";
import type { Tenant } from "../spec/tenant.ts";
import { type ApiParams, type Route, type RouteContext, federateRoute, routeOf } from "./routes.ts";

export interface ServerOptions {
  context: RouteContext;
  admission: RequestAdmission;
  tenancy: Tenancy;
  tls: Pick<TlsGate, "pass" | "isOutdated" | "close">;
  answers: AnswersOnTheirWay;
  metrics: RequestMetrics;
  accessLog: Pick<AccessLog, "write">;
  /** Undefined where nobody takes traces. */
  tracing?: Pick<GatewayTracing, "begin"> | undefined;
  /** All that /metrics tells. */
  collect: () => MetricFamily[];
  /** Why the gateway is not ready, undefined when it is. */
  notReady: () => string | undefined;
  /** One sentence, for what should not happen. */
  say: (sentence: string) => void;
}

/** ms */
const times = { readHeaders: 10_000, readRequest: 60_000, lookAtRequests: 2000, keepAlive: 330_000 };
const doorLimits: FrontDoorLimits = { connections: 16_000, silence: times.keepAlive };
/** Bytes of a request's line and headers: long queries come by GET, too. */
const maxHeaderSize = 64 * 1024;

/** Of a request whose client has left before it was answered: nobody has seen it, and everybody calls it so. */
const goneStatus = 499;
/** Connections with which there is so much alive that a look at all of it takes long. */
const crowd = 1000;

const api = "/api/v1/";
const federatePath = "/federate";
/** Tells which version of the topology is followed. */
const topologyHeader = "x-promfleet-topology";

const plain = { "content-type": "text/plain; charset=utf-8" };

/** The HTTP side of the gateway. */
export class GatewayServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #door: FrontDoor;
  readonly #listeners: Listeners;
  #closing = false;
  #open = 0;
  #idle: (() => void) | undefined;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#server = createServer(
      {
        maxHeaderSize,
        headersTimeout: times.readHeaders,
        requestTimeout: times.readRequest,
        connectionsCheckingInterval: times.lookAtRequests,
        keepAliveTimeout: times.keepAlive,
      },
      (request, response) => void this.#serve(request, response),
    );
    // without a listener the connection would end without a word
    this.#server.on("connect", (_request, socket) => {
      socket.on("error", () => {});
      socket.end("HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    });
    this.#door = new FrontDoor(this.#server, doorLimits, options.tls);
    crowdedWhile(() => this.#door.state.open > crowd);
    this.#listeners = new Listeners(this.#server, (socket) => this.#door.enter(socket));
  }

  /** For /metrics. */
  get connections(): FrontDoor["state"] {
    return this.#door.state;
  }

  /** For /metrics: requests that have come and whose answers are not out. */
  get inFlight(): number {
    return this.#open;
  }

  /** @returns the port @throws PromfleetError PORT_TAKEN, LISTEN_FAILED */
  async listen(host: string, port: number): Promise<number> {
    return await this.#listeners.open(host, port);
  }

  /** Takes no more requests, waits for the answers on their way, then ends all connections. */
  async close(patienceMs: number): Promise<void> {
    this.#closing = true;
    const closed = this.#listeners.close();
    this.#server.closeIdleConnections();
    this.#door.close();
    this.#options.tls.close();
    if (this.#open > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#idle = resolve;
      const timer = setTimeout(resolve, patienceMs);
      await promise;
      clearTimeout(timer);
    }
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open++;
    // errors of the connection show as its end
    response.on("error", () => {});
    const { socket } = request;
    this.#door.busy(socket);
    response.once("close", () => {
      this.#door.idle(socket);
      if (--this.#open === 0) this.#idle?.();
    });
    if (this.#closing || this.#options.tls.isOutdated(socket)) response.setHeader("connection", "close");
    const url = pathOf(request.url ?? "/");
    const at = url.indexOf("?");
    const [path, search] = at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
    const began = performance.now();
    const record = recordOf(request);
    const writtenBefore = socket.bytesWritten;
    response.setHeader("x-request-id", record.id);
    // whoever stands before it may have gone by the other one
    if (countOf(request, "host") > 1) {
      response.writeHead(400, { ...plain, connection: "close" }).end("more than one Host header\n");
      return;
    }
    const { tenancy } = this.#options;
    let route: Route | undefined;
    let tenant: Tenant | undefined;
    try {
      if (path.startsWith(api) || path === federatePath) {
        route = path === federatePath ? federateRoute : routeOf(path.slice(api.length));
        if (route) {
          record.handler = route.handler;
          record.trace = this.#options.tracing?.begin(request.headers, `${record.method} ${path}`);
        }
      }
      tenant = await tenancy.identify(request, path);
      if (path.startsWith(api) || route)
        await this.#serveApi(route, tenant, request, response, search, record);
      else record.handler = this.#servePlain(path, request, response);
    } catch (error) {
      await this.#fail(error, request, response, record, route?.tell);
    }
    tenancy.answered(tenant, response.statusCode);
    record.status = record.ending === "gone" ? goneStatus : response.statusCode;
    record.bytes = socket.bytesWritten - writtenBefore;
    record.tookMs = performance.now() - began;
    record.trace?.end(record);
    this.#options.metrics.over(record);
    this.#options.accessLog.write(record);
  }

  async #serveApi(
    route: Route | undefined,
    tenant: Tenant | undefined,
    request: IncomingMessage,
    response: ServerResponse,
    search: string,
    record: RequestRecord,
  ): Promise<void> {
    if (!route) {
      const unknown = { status: 404, errorType: "not_found", error: "the gateway has no such API" };
      return void (await writeAnswer(response, errorAnswer(unknown)));
    }
    if (!route.methods.includes(request.method ?? "")) return refuseMethod(response, route.methods);
    const { context, admission, answers, tenancy } = this.#options;
    countRequest();
    admission.refuseIfFull();
    const visit = tenancy.visit(tenant, route.handler);
    const limits = visit.limits(context.router.topology.limits);
    const asked = route.decode(await paramsOf(route, visit, request, search, limits), limits);
    record.text = asked.text;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(tooLate(asked.timeoutMs)), asked.timeoutMs);
    const gone = () => over.abort(new ClientGone());
    response.once("close", gone);
    try {
      if (this.#closing) throw closing();
      const waitedFrom = performance.now();
      const leave = await enterBoth(visit, admission, over.signal).finally(
        () => (record.queuedMs = performance.now() - waitedFrom),
      );
      let answer: Answer;
      record.trace?.begun(route.handler === "query" || route.handler === "query_range");
      try {
        answer = await visit.answer(await asked.answer(record.over(context), over.signal));
        if (!(answer.body instanceof Uint8Array)) {
          const { body } = answer;
          // until then it may break off unseen
          body.on("error", () => {});
          await answers.room(over.signal).catch((error: unknown) => {
            body.destroy();
            throw error;
          });
        }
      } finally {
        leave();
      }
      // the time and the place are for the answer to be found: how fast it is read is the client's matter
      clearTimeout(timer);
      const writing = writeAnswer(response, answer);
      answers.add(response, route.handler === "read" ? context.reads.waiting : undefined);
      record.ending = await writing;
    } finally {
      clearTimeout(timer);
      response.off("close", gone);
      over.abort(new ClientGone());
    }
  }

  #servePlain(path: string, request: IncomingMessage, response: ServerResponse): string {
    const get = request.method === "GET" || request.method === "HEAD";
    const known = ["/-/healthy", "/-/ready", "/metrics", "/"].includes(path);
    if (known && !get) {
      refuseMethod(response, ["GET", "HEAD"]);
      return "other";
    }
    const say = (status: number, body: string | Buffer, headers: Record<string, string> = plain) => {
      response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    switch (path) {
      case "/-/healthy":
        say(200, "The gateway is healthy.\n");
        return "healthy";
      case "/-/ready": {
        const objection = this.#closing ? "it is being stopped" : this.#options.notReady();
        // whoever has written a topology learns here that it is followed
        const headers = { ...plain, [topologyHeader]: this.#options.context.router.topology.version };
        if (objection === undefined) say(200, "The gateway is ready.\n", headers);
        else say(503, `The gateway is not ready: ${objection}.\n`, headers);
        return "ready";
      }
      case "/metrics": {
        const exposition = chooseExposition(request.headers.accept);
        say(200, exposition.write(this.#options.collect()), { "content-type": exposition.contentType });
        return "metrics";
      }
      case "/":
        say(200, frontPage);
        return "other";
      default:
        say(404, "404 page not found\n");
        return "other";
    }
  }

  async #fail(
    error: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    record: RequestRecord,
    tell: (said: ApiError) => Answer = errorAnswer,
  ): Promise<void> {
    if (error instanceof ClientGone || response.destroyed) {
      record.ending = "gone";
      return;
    }
    const said = apiError(error);
    record.error = codeOf(error);
    if (said.errorType === "internal")
      this.#options.say(`${request.method} ${request.url?.split("?", 1)[0]} failed: ${said.error}`);
    if (response.headersSent) {
      record.ending = "broken";
      response.destroy();
      return;
    }
    const answer = tell(said);
    if (said.status === 401) response.setHeader("www-authenticate", this.#options.tenancy.challenge);
    // what was not read of the request would be taken for the next one
    const headers = request.complete ? answer.headers : { ...answer.headers, connection: "close" };
    await writeAnswer(response, { ...answer, headers });
  }
}

function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === name.length && rawHeaders[at]?.toLowerCase() === name) count++;
  return count;
}

/** Of a target as proxies write it, with the host before its path: only the path counts. */
function pathOf(target: string): string {
  const [whole, path = ""] = /^https?:\/\/[^/?#]*(.*)$/is.exec(target) ?? [];
  if (whole === undefined) return target;
  return path.startsWith("/") ? path : `/${path}`;
}

function recordOf({ method = "", headers, socket }: IncomingMessage): RequestRecord {
  return new RequestRecord({
    method,
    id: requestId(headers["x-request-id"]),
    client: socket.remoteAddress ?? "",
    userAgent: headers["user-agent"] ?? "",
    time: Date.now(),
  });
}

/** What of a request counts for whoever sends it. @throws PromfleetError */
async function paramsOf(
  { handler }: Route,
  visit: Visit,
  request: IncomingMessage,
  search: string,
  limits: GatewayLimits,
): Promise<ApiParams> {
  const isRead = handler === "read";
  const read = isRead ? visit.read(await decodeRead(request, limits.maxQueryBytes)) : undefined;
  return {
    params: visit.params(
      isRead ? parseForm(search) : await readParams(request, search, limits.maxQueryBytes),
    ),
    acceptEncoding: visit.acceptEncoding(request.headers["accept-encoding"] ?? ""),
    accept: request.headers.accept ?? "",
    read,
  };
}

/** A place of the sender's, and one of all. @returns what gives both back */
async function enterBoth(
  visit: Visit,
  admission: RequestAdmission,
  signal: AbortSignal,
): Promise<() => void> {
  const leaveTenant = await visit.enter(signal);
  try {
    const leave = await admission.enter(signal);
    return () => {
      leave();
      leaveTenant();
    };
  } catch (error) {
    leaveTenant();
    throw error;
  }
}

/** Nobody is there to be told. */
class ClientGone extends Error {
  override readonly name = "ClientGone";
}

const frontPage = `promfleet gateway: speaks the HTTP API of Prometheus for a whole fleet.

Use this address as the URL of a Prometheus data source.
  /api/v1/query, query_range, series, labels, label/<name>/values, metadata, targets, rules, alerts, …
  /api/v1/read   /federate
  /metrics   /-/healthy   /-/ready
`;

function refuseMethod(response: ServerResponse, methods: readonly string[]): void {
  response.setHeader("allow", methods.join(", "));
  void writeAnswer(
    response,
    errorAnswer({ status: 405, errorType: "bad_data", error: `only ${methods.join(" and ")}` }),
  );
}

function tooLate(timeoutMs: number): PromfleetError {
  return new PromfleetError({
    code: "QUERY_TIMEOUT",
    message: `no answer within ${timeoutMs / 1000} s`,
  });
}

function closing(): PromfleetError {
  return new PromfleetError({ code: "GATEWAY_CLOSING", message: "the gateway is being stopped" });
}
