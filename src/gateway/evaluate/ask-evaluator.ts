import type { Dispatcher } from "undici";
import { sendRequest } from "../fetch/http-client.ts";

/** Bytes of an answer that is an error. */
const longestError = 1024 ** 2;

/** More came than can be meant. */
export class AnswerTooLong extends Error {
  override readonly name = "AnswerTooLong";
}

/** Sends a form to an API of the evaluator. Resolves with the headers of its answer; for query APIs that is after evaluation. */
export function askEvaluator(
  dispatcher: Dispatcher,
  url: string,
  params: readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return sendRequest(url, {
    dispatcher,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString(),
    signal,
    // how long it may take is the signal's matter
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** The whole body of an answer that is known to be short. @throws if it is not, or breaks off */
export async function shortBody(
  body: Dispatcher.ResponseData["body"],
  limit = longestError,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new AnswerTooLong(`an answer is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
