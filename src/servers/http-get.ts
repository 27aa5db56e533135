import http from "node:http";

export interface HttpAnswer {
  status: number;
  body: string;
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
  authorization?: string,
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const timeout = AbortSignal.timeout(timeoutMs);
  const request = http.get(
    url,
    {
      agent: false,
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
