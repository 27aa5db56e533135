import http from "node:http";
import https from "node:https";

export interface Heard {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** ms from sending to the last byte. */
  took: number;
}

export interface Asking {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** ms for the whole exchange. */
  withinMs?: number;
  agent?: http.Agent;
}

/** Kept connections, as a browser or Grafana has them. */
const kept = { keepAlive: true, maxSockets: 64 };
const plain = { request: http.request, agent: new http.Agent(kept) };
const secure = { request: https.request, agent: new https.Agent(kept) };

/** One HTTP exchange. @throws when there is no whole answer in time; a status of any kind is an answer */
export async function ask(url: string, asking: Asking = {}): Promise<Heard> {
  const { promise, resolve, reject } = Promise.withResolvers<Heard>();
  const began = performance.now();
  const withinMs = asking.withinMs ?? 10_000;
  const way = url.startsWith("https:") ? secure : plain;
  const request = way.request(url, {
    method: asking.method ?? (asking.body === undefined ? "GET" : "POST"),
    headers: asking.headers ?? {},
    agent: asking.agent ?? way.agent,
  });
  const timer = setTimeout(() => request.destroy(new Error(`no answer within ${withinMs} ms`)), withinMs);
  request.on("error", reject);
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("error", reject);
    response.on("end", () => {
      if (!response.complete) return reject(new Error("the answer was cut"));
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks),
        took: performance.now() - began,
      });
    });
  });
  request.end(asking.body);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

/** As ask, with parameters as a form in the body. */
export async function post(url: string, form: Record<string, string>, asking: Asking = {}): Promise<Heard> {
  const headers = { "Content-Type": "application/x-www-form-urlencoded", ...asking.headers };
  return await ask(url, { ...asking, method: "POST", headers, body: new URLSearchParams(form).toString() });
}

/** What Prometheus answers, under `data`; the caller knows its shape. */
export interface ApiAnswer<T = unknown> {
  status: "success" | "error";
  data?: T;
  errorType?: string;
  error?: string;
  warnings?: string[];
  infos?: string[];
}

/** A GET of an API of Prometheus. @throws when it is not a success */
export async function api<T>(
  base: string,
  path: string,
  params: Record<string, string> = {},
  asking: Asking = {},
): Promise<T> {
  const heard = await ask(`${base}/api/v1/${path}?${new URLSearchParams(params).toString()}`, asking);
  const answer = JSON.parse(heard.body.toString()) as ApiAnswer<T>;
  if (answer.status !== "success" || answer.data === undefined)
    throw new Error(`${path} at ${base}: ${heard.status} ${answer.error ?? ""}`);
  return answer.data;
}

export interface VectorSample {
  metric: Record<string, string>;
  value: [number, string];
}
export interface MatrixSeries {
  metric: Record<string, string>;
  values: [number, string][];
}

/** The samples of an instant query that gives a vector. */
export async function vector(base: string, query: string, asking: Asking = {}): Promise<VectorSample[]> {
  return (await api<{ result: VectorSample[] }>(base, "query", { query }, asking)).result;
}

/** The series of an instant query of a range selector: raw samples. */
export async function raw(base: string, query: string, time?: number): Promise<MatrixSeries[]> {
  const at: Record<string, string> = time === undefined ? {} : { time: String(time) };
  return (await api<{ result: MatrixSeries[] }>(base, "query", { query, ...at })).result;
}
