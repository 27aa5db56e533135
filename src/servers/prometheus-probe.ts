import { httpGet } from "./http-get.ts";

/** What a look finds: "silent" is a process that took the connection and said nothing. */
export type Look = "well" | "starting" | "silent";

/** ms that a look may take. */
const lookTimeout = 2000;

/**
 * How a Prometheus is. One that refuses connections is starting, or ending.
 * @param dataDir where it has its data, to be sure that it is the one that is meant; undefined when that is known
 * @param timeoutMs that it may take to answer
 */
export async function lookAtPrometheus(
  url: string,
  dataDir: string | undefined,
  signal: AbortSignal,
  timeoutMs = lookTimeout,
): Promise<Look> {
  try {
    if (!(await isReady(url, timeoutMs, signal))) return "starting";
    return dataDir === undefined || (await hasDataIn(url, dataDir, timeoutMs)) ? "well" : "starting";
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "silent" : "starting";
  }
}

/** Whether the server answers that it is ready: false while it starts or replays its WAL. @throws when nobody answers in time */
export async function isReady(url: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  return (await httpGet(`${url}/-/ready`, timeoutMs, signal)).status === 200;
}

/**
 * Whether the Prometheus that answers there has its data in that folder: two processes that were given the same port can not be
 * told apart otherwise.
 */
export async function hasDataIn(url: string, dataDir: string, timeoutMs: number): Promise<boolean> {
  const flags = await apiData(url, "/api/v1/status/flags", timeoutMs);
  return isObject(flags) && flags["storage.tsdb.path"] === dataDir;
}

/** The configuration that the server runs, as it prints it itself. */
export async function shownConfig(url: string, timeoutMs: number, authorization?: string): Promise<string> {
  const data = await apiData(url, "/api/v1/status/config", timeoutMs, authorization);
  return isObject(data) && typeof data["yaml"] === "string" ? data["yaml"] : "";
}

/** `data` of an answer of Prometheus' HTTP API. @throws when the answer is not a success */
export async function apiData(
  url: string,
  path: string,
  timeoutMs: number,
  authorization?: string,
): Promise<unknown> {
  const { status, body } = await httpGet(`${url}${path}`, timeoutMs, undefined, { authorization });
  if (status !== 200) throw new Error(`${url}${path} answers ${status}`);
  const answer: unknown = JSON.parse(body);
  if (!isObject(answer) || answer["status"] !== "success")
    throw new Error(`${url}${path} answers no success`);
  return answer["data"];
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
