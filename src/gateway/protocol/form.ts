import type { IncomingMessage } from "node:http";
import { PromfleetError } from "../../errors/promfleet-error.ts";
import { spendBuffers } from "../read/spent-buffers.ts";
import { quoteLikeGo } from "./go-text.ts";

export type Params = readonly (readonly [string, string])[];

const formType = "application/x-www-form-urlencoded";
/** Escapes make a text three times as long, and there are other parameters beside the query. */
const escaped = 3;
const others = 256 * 1024;
/** Of a form with more than 10,000, Prometheus takes none and does not say so (urlmaxqueryparams of Go). The gateway adds some itself. */
const mostParams = 9_990;
/** Bytes beyond the limit that are read, and dropped, for the client to hear why it is refused. */
const unheard = 64 * 1024 ** 2;

/**
 * The parameters of a request, those of a form before those of the URL, as Prometheus takes them.
 * @param search of the URL, without "?"
 * @param maxQueryBytes of the text of a query
 * @throws PromfleetError BAD_PARAMETER, REQUEST_TOO_LARGE
 */
export async function readParams(
  request: IncomingMessage,
  search: string,
  maxQueryBytes: number,
): Promise<Params> {
  const inUrl = parseForm(search);
  if (request.method !== "POST") return inUrl;
  const body = await readBody(request, maxQueryBytes * escaped + others);
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== formType) return inUrl;
  const params = [...parseForm(body.toString()), ...inUrl];
  // they go on to the servers as one form
  checkCount(params.length);
  return params;
}

/** The whole body of a request. @param limit bytes that it may have @throws PromfleetError REQUEST_TOO_LARGE */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    spendBuffers(chunk.length);
    if (size <= limit) chunks.push(chunk);
    // a client that is still sending would not hear the answer
    else if (size > limit + unheard) break;
  }
  if (size > limit)
    throw new PromfleetError({
      code: "REQUEST_TOO_LARGE",
      message: `the request has more than ${limit} bytes`,
    });
  return Buffer.concat(chunks, size);
}

/** As net/url of Go reads it, except that what it leaves out without a word is refused. @throws PromfleetError BAD_PARAMETER */
export function parseForm(text: string): Params {
  const pairs = text.split("&");
  checkCount(pairs.length);
  return pairs
    .filter((pair) => pair !== "")
    .map((pair) => {
      if (pair.includes(";")) throw bad("invalid semicolon separator in query");
      const at = pair.indexOf("=");
      const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      return [unescape(name), unescape(value)] as const;
    });
}

function checkCount(params: number): void {
  if (params > mostParams) throw bad(`more than ${mostParams} parameters`);
}

function unescape(text: string): string {
  const wrong = /%(?![0-9a-fA-F]{2})[^]{0,2}/.exec(text)?.[0];
  if (wrong !== undefined) throw bad(`invalid URL escape ${quoteLikeGo(wrong)}`);
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw bad(`${quoteLikeGo(text.slice(0, 40))} is not UTF-8`);
  }
}

function bad(why: string): PromfleetError {
  return new PromfleetError({ code: "BAD_PARAMETER", message: `error parsing form values: ${why}` });
}

/** The first value of a parameter; "" where it is absent, which means the same. */
export function firstOf(params: Params, name: string): string {
  return params.find(([given]) => given === name)?.[1] ?? "";
}
