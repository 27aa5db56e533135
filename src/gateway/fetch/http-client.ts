import type { Agent as AgentClass, Dispatcher } from "undici";
// the rest of undici takes 13 MB of memory
import Agent from "undici/lib/dispatcher/agent.js";
import request from "undici/lib/api/api-request.js";

/** ms in which a connection to a server has to stand. */
export const connectTimeout = 1000;

/** Connections to any number of servers, kept open between requests. */
export function httpAgent(options?: AgentClass.Options): Dispatcher {
  return new Agent(options);
}

/** What requests are sent through: connections, or something around them. */
export type RequestSender = Pick<Dispatcher, "dispatch">;

export type RequestOptions = Omit<Dispatcher.RequestOptions, "path" | "origin" | "method"> & {
  dispatcher: RequestSender;
  method?: "GET" | "POST";
};

/** Sends a request; resolves with the headers of its answer. */
export async function sendRequest(
  url: string,
  { dispatcher, method = "GET", ...options }: RequestOptions,
): Promise<Dispatcher.ResponseData> {
  const { origin, pathname, search } = new URL(url);
  return await request.call(dispatcher, { ...options, method, origin, path: pathname + search });
}
