import http from "node:http";
import https from "node:https";

export interface HttpAnswer {
  status: number;
  body: string;
}

export interface Asking {
  /** The header of that name. */
  authorization?: string | undefined;
  /** Of an https URL. Left out: Node's own. */
  trust?: Trust | undefined;
}

/** By what a server is known, and shows itself the client. */
export interface Trust {
  /** CA certificates, PEM. */
  ca?: string | undefined;
  /** Certificate and key of the client, PEM. */
  cert?: string | undefined;
  key?: string | undefined;
  /** Takes any certificate: of a server on this machine, which is told no secret. */
  anyServer?: boolean | undefined;
}

/** Bytes of an answer that are read at most. */
const largestAnswer = 64 * 1024 ** 2;

/**
 * One GET over a connection of its own: for looking after servers, where a kept connection to a dead one would lie.
 * @throws when it is not answered whole; a TimeoutError when not within the time
 */
export async function httpGet(
  url: string,
  timeoutMs: number,
  signal?: AbortSignal,
  { authorization, trust = {} }: Asking = {},
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const timeout = AbortSignal.timeout(timeoutMs);
  const { anyServer = false, ...pem } = trust;
  const request = (url.startsWith("https:") ? https : http).get(
    url,
    {
      agent: false,
      ...pem,
      rejectUnauthorized: !anyServer,
      ...(authorization !== undefined && { headers: { authorization } }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    },
    (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > largestAnswer) request.destroy(new Error(`${url} answers more than can be read`));
        else chunks.push(chunk);
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", (error) => request.destroy(error));
    },
  );
  // an abort comes as an error of its own; what it came from says more
  request.on("error", (error) => reject(timeout.aborted ? (timeout.reason as Error) : error));
  return await promise;
}
