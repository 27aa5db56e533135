import type { IncomingMessage } from "node:http";
import { PromfleetError } from "../../errors/promfleet-error.ts";

export type Params = readonly (readonly [string, string])[];

const formType = "application/x-www-form-urlencoded";
/** Escapes make a text three times as long, and there are other parameters beside the query. */
const escaped = 3;
const others = 256 * 1024;
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
  const limit = maxQueryBytes * escaped + others;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    // a client that is still sending would not hear the answer
    else if (size > limit + unheard) break;
  }
  if (size > limit)
    throw new PromfleetError({
      code: "REQUEST_TOO_LARGE",
      message: `the request has more than ${limit} bytes`,
    });
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== formType) return inUrl;
  return [...parseForm(Buffer.concat(chunks, size).toString()), ...inUrl];
}

/** As net/url of Go reads it, but all that is wrong is refused. @throws PromfleetError BAD_PARAMETER */
export function parseForm(text: string): Params {
  return text
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      return [unescape(name), unescape(value)] as const;
    });
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    const wrong = /%(?![0-9a-fA-F]{2}).{0,2}/.exec(text)?.[0] ?? text.slice(0, 20);
    throw new PromfleetError({
      code: "BAD_PARAMETER",
      message: `error parsing form values: invalid URL escape ${JSON.stringify(wrong)}`,
    });
  }
}

/** The first value of a parameter; "" where it is absent, which means the same. */
export function firstOf(params: Params, name: string): string {
  return params.find(([given]) => given === name)?.[1] ?? "";
}
