import { Readable } from "node:stream";
import type { Answer } from "../planner/query-request.ts";
import { jsonHeaders, shownAnnotations } from "./success-answer.ts";
import type { Annotations } from "../protocol/annotations.ts";

/** Characters put together before they are sent. */
const pieceLength = 64 * 1024;

/** An answer with a list of elements in the form that dataElements gives them. It is made while it is sent. */
export function elementListAnswer(elements: readonly string[], annotations: Annotations): Answer {
  return { status: 200, headers: jsonHeaders, body: Readable.from(pieces(elements, annotations)) };
}

function* pieces(elements: readonly string[], annotations: Annotations): Generator<Buffer> {
  let piece = '{"status":"success","data":[';
  for (const [index, element] of elements.entries()) {
    piece += index === 0 ? element : `,${element}`;
    if (piece.length < pieceLength) continue;
    yield Buffer.from(piece, "latin1");
    piece = "";
  }
  yield Buffer.from(`${piece}]`, "latin1");
  const members = JSON.stringify(shownAnnotations(annotations)).slice(1);
  yield Buffer.from(members === "}" ? members : `,${members}`);
}
