import { lookedThrough } from "../protocol/query-answer-shape.ts";
import { type Part, annotationsOf } from "./success-answer.ts";

const head = '{"status":"success","data":[';
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

/**
 * The elements of an answer whose data is a list, each as its JSON text. The characters of a text are the bytes of its
 * UTF-8 (latin1): nothing is decoded, and a hundred thousand series cost little more than their bytes.
 * @throws SyntaxError where it is no such answer
 */
export function dataElements(body: Buffer): Part<string[]> {
  const text = body.toString("latin1");
  if (!text.startsWith(head)) throw new SyntaxError(`an answer begins with ${text.slice(0, head.length)}`);
  if (body.length <= lookedThrough) JSON.parse(body.toString());
  const elements: string[] = [];
  let from = head.length;
  let depth = 0;
  for (let at = from; ; at++) {
    const byte = body[at];
    if (byte === quote) at = endOfString(body, at);
    else if (byte === comma && depth === 0) {
      elements.push(text.slice(from, at));
      from = at + 1;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if ((byte === 0x7d || byte === 0x5d) && depth-- === 0) {
      if (at > from) elements.push(text.slice(from, at));
      const rest = Buffer.from(text.slice(at + 1), "latin1").toString();
      return { data: elements, annotations: annotationsOf(JSON.parse(`{"status":"success"${rest}`)) };
    } else if (byte === undefined) throw new SyntaxError("an answer ends within its data");
  }
}

/** @param at of the quote that begins it @returns where the one is that ends it */
function endOfString(body: Buffer, at: number): number {
  for (let end = at + 1; end < body.length; end++) {
    const byte = body[end];
    if (byte === quote) return end;
    if (byte === backslash) end++;
  }
  throw new SyntaxError("an answer ends within a string");
}
