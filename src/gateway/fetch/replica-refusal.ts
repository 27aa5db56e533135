import type { Readable } from "node:stream";
import { gunzipSync, inflateSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { z } from "zod";
import type { ShardRequest } from "./shard-fetcher.ts";

/** Bytes of an answer with a 5xx status. */
const longestRefusal = 64 * 1024;

/**
 * @param request that is answered
 * @returns why another replica is to be asked; the body where a 503 is Prometheus' own word on the query, which another one would
 * say too; undefined where the answer is one
 */
export async function refusalOf(
  answer: Dispatcher.ResponseData,
  request: Pick<ShardRequest, "headers">,
): Promise<string | Buffer | undefined> {
  const { statusCode, headers, body } = answer;
  if (statusCode < 500) {
    // without either, the end of the connection would be the end of the answer, whole or not
    if (statusCode >= 300 && statusCode < 400)
      return refuse(body, `it redirects to ${String(headers["location"])}`);
    const isEndless = headers["content-length"] === undefined && headers["transfer-encoding"] === undefined;
    // a 204 has no content that could go on
    if (isEndless && statusCode !== 204) return refuse(body, "its answer does not say where it ends");
    const why = disbelief(answer, request);
    return why === undefined ? undefined : refuse(body, why);
  }
  const bytes = await beginning(body);
  const text = plainText(bytes, headers["content-encoding"]);
  if (statusCode === 503 && isAboutTheQuery(text)) return bytes;
  return `it answered ${statusCode}: ${text.trim().slice(0, 300)}`;
}

/** Why it is no answer of Prometheus, by its headers. */
function disbelief(
  { statusCode, headers }: Dispatcher.ResponseData,
  request: Pick<ShardRequest, "headers">,
): string | undefined {
  if (statusCode < 300 && statusCode !== 200 && statusCode !== 204) return `it answered ${statusCode}`;
  const encoding = String(headers["content-encoding"] ?? "identity").toLowerCase();
  const taken = (request.headers["accept-encoding"] ?? "").toLowerCase();
  if (encoding !== "identity" && !taken.includes(encoding)) return `it is packed as ${encoding}`;
  const type = headers["content-type"];
  // something else is at its address: a page to sign in at, another program
  const isOfAnother = type !== undefined && /^\s*text\/(?!plain\b)/i.test(String(type));
  return isOfAnother ? `it answered ${statusCode} with ${String(type)}` : undefined;
}

function refuse(body: Readable, reason: string): string {
  body.on("error", () => {}).destroy();
  return reason;
}

const errorAnswer = z.object({ errorType: z.enum(["timeout", "canceled"]) });

function isAboutTheQuery(text: string): boolean {
  try {
    return errorAnswer.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

async function beginning(body: Dispatcher.ResponseData["body"]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > longestRefusal) break;
  }
  return Buffer.concat(chunks, size);
}

/** Errors are compressed like any answer, where the client takes it. */
function plainText(bytes: Buffer, encoding: string | string[] | undefined): string {
  const limit = { maxOutputLength: longestRefusal };
  try {
    if (encoding === "gzip") return gunzipSync(bytes, limit).toString();
    if (encoding === "deflate") return inflateSync(bytes, limit).toString();
    return bytes.toString();
  } catch {
    return `its words are not readable as ${String(encoding)}`;
  }
}
