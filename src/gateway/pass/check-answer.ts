import type { IncomingHttpHeaders } from "node:http";
import { gunzipSync, inflateSync } from "node:zlib";
import type { ShardRequest } from "../fetch/shard-fetcher.ts";
import type { Answer } from "../planner/query-request.ts";
import { checkErrorAnswer, checkQueryAnswer, lookedThrough } from "../protocol/query-answer-shape.ts";
import { reasonOf } from "../router/replica-watch.ts";
import { isEnding } from "./answer-ending.ts";

/** What every answer of a query API with status 200 begins with. */
export const resultBegins = '{"status":"success","data":{"resultType":"';

/** @param last where it has come to its end @throws SyntaxError where it is no whole answer of a query API */
export function checkEnds(first: Buffer, last: Buffer | undefined): void {
  if (first.toString("latin1", 0, resultBegins.length) !== resultBegins)
    throw new SyntaxError("an answer does not begin as one");
  if (last && !isEnding(last)) throw new SyntaxError("an answer ends too early");
}

/** Whether it is the result of a query, not packed: what is packed can not be cut without its reader seeing it. */
export function isPlainResult({ path }: ShardRequest, status: number, headers: IncomingHttpHeaders): boolean {
  return status === 200 && kindOfQuery(path) !== undefined && headers["content-encoding"] === undefined;
}

function kindOfQuery(path: string): "instant" | "range" | undefined {
  if (path === "/api/v1/query") return "instant";
  return path === "/api/v1/query_range" ? "range" : undefined;
}

/** @throws SyntaxError where it is nothing that Prometheus answers */
export function checkShort({ status, headers }: Answer, body: Uint8Array, path: string): void {
  const isJson = headers["content-type"]?.startsWith("application/json") ?? true;
  // older servers say of what they do not know that there is no such page
  if (!isJson && status >= 400) return;
  const text = shortText(body, headers["content-encoding"]);
  if (text === undefined || status === 204) return;
  const kind = kindOfQuery(path);
  if (status >= 400) checkErrorAnswer(text);
  else if (kind) checkQueryAnswer(text, kind);
  else JSON.parse(text);
}

/** Undefined where it is too long to be looked through. @throws SyntaxError */
function shortText(body: Uint8Array, encoding = "identity"): string | undefined {
  if (body.length > lookedThrough) return undefined;
  const limit = { maxOutputLength: lookedThrough };
  try {
    if (encoding === "gzip") return gunzipSync(body, limit).toString();
    if (encoding === "deflate") return inflateSync(body, limit).toString();
    return Buffer.from(body).toString();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw new SyntaxError(`it can not be unpacked: ${reasonOf(error)}`, { cause: error });
  }
}
