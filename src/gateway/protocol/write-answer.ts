import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { ownTurn } from "../limits/own-turn.ts";
import type { Answer } from "../planner/query-request.ts";

/** ms without a byte going out, after which an answer is given up: a client that has stopped reading would keep its place for ever. */
const longestStall = 120_000;

/**
 * Writes an answer out. A body that breaks off ends the connection without the end of the answer, so that no client takes it for
 * whole.
 * @returns broken if it broke off or the client went away
 */
export async function writeAnswer(
  response: ServerResponse,
  { status, headers, body }: Answer,
  stallMs = longestStall,
): Promise<"whole" | "broken"> {
  if (body instanceof Uint8Array) {
    response.writeHead(status, { ...headers, "content-length": body.length });
    response.end(body);
    return "whole";
  }
  // it may break off before it is read
  body.once("error", () => {});
  await ownTurn();
  response.writeHead(status, headers);
  response.setTimeout(stallMs, () => response.destroy());
  try {
    await pipeline(body, response);
    return "whole";
  } catch {
    response.destroy();
    return "broken";
  }
}
