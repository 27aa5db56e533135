import type { OutgoingHttpHeaders } from "node:http";
import type { Agent as AgentClass, Dispatcher } from "undici";
// the rest of undici takes 13 MB of memory
import Agent from "undici/lib/dispatcher/agent.js";
import request from "undici/lib/api/api-request.js";

/** ms in which a connection to a server has to stand. */
export const connectTimeout = 1000;

/** What requests to servers are authorized by, at this moment; undefined: nothing. */
export type Authorization = () => string | undefined;

/** Connections to any number of servers, kept open between requests. */
export function httpAgent(options?: AgentClass.Options, authorization?: Authorization): Dispatcher {
  const agent = new Agent(options);
  if (!authorization) return agent;
  return agent.compose((dispatch) => (asked, handler) => {
    const value = authorization();
    if (value === undefined) return dispatch(asked, handler);
    return dispatch({ ...asked, headers: { ...plainHeaders(asked.headers), authorization: value } }, handler);
  });
}

function plainHeaders(headers: Dispatcher.DispatchOptions["headers"]): OutgoingHttpHeaders {
  if (headers === null || headers === undefined) return {};
  if (Array.isArray(headers) || Symbol.iterator in headers)
    throw new Error("headers of requests to servers are a map");
  return headers;
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
