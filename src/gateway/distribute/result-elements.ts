import { annotationsOf } from "../combine/success-answer.ts";
import type { Annotations } from "../protocol/annotations.ts";

/** An element of a result as its JSON text says it. */
export interface ResultElement {
  /** Its labels: the text of an object, each character a byte of UTF-8 (latin1). */
  metric: string;
  /** All of it, braces included. */
  text: Buffer;
  /** Of what was not looked through yet: the error that tells whose it is, should it turn out to be none. */
  blame?: (why: string) => Error;
}

export type ResultType = "vector" | "matrix";

const beginning = (type: ResultType) => `{"status":"success","data":{"resultType":"${type}","result":[`;
/** Before the labels of an element, and after them. */
const beforeMetric = '{"metric":';
const afterMetric = '},"';
const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Bytes of an element, or of what comes after all of them, that are believed. */
const longest = 64 * 1024 ** 2;

/**
 * Takes the answer of a query API apart while it comes. Only the ends of its elements are looked for; their values are not read.
 * @returns what comes after the elements
 * @throws SyntaxError where it is no such answer, or ends too early
 */
export async function* resultElements(
  body: AsyncIterable<Buffer>,
  type: ResultType,
): AsyncGenerator<ResultElement[], Annotations, undefined> {
  const taking = new Taking(beginning(type));
  let pieces: Buffer[] = [];
  let size = 0;
  let needed = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.length;
    if (size > longest) throw new SyntaxError("an answer has an element that does not end");
    if (size < needed || taking.isOver) continue;
    const { found, rest } = taking.take(Buffer.concat(pieces, size));
    pieces = [rest];
    size = rest.length;
    // not every piece of a long element is a reason to put together and to look at all of it again
    needed = size * 2;
    if (found.length > 0) yield found;
  }
  const { found, rest } = taking.take(Buffer.concat(pieces, size));
  if (found.length > 0) yield found;
  if (!taking.isOver) throw new SyntaxError("an answer ends within its result");
  return annotationsAfter(rest);
}

/** The place in an answer of which pieces come. */
class Taking {
  /** All elements were taken. */
  isOver = false;
  readonly #head: string;
  #hasBegun = false;

  constructor(head: string) {
    this.#head = head;
  }

  /** @returns the elements that are whole, and what is left. @throws SyntaxError */
  take(bytes: Buffer): { found: ResultElement[]; rest: Buffer } {
    const found: ResultElement[] = [];
    let at = 0;
    if (!this.#hasBegun) {
      const begins = bytes.toString("latin1", 0, this.#head.length);
      if (!this.#head.startsWith(begins)) throw new SyntaxError(`an answer begins with ${begins}`);
      at = this.#head.length;
      if (bytes.length <= at) return { found, rest: bytes };
      this.#hasBegun = true;
      this.isOver = bytes[at] === closeBracket;
    }
    while (!this.isOver) {
      const element = elementAt(bytes, at);
      // what comes after it tells whether it is the last one
      const next = element && bytes[at + element.text.length];
      if (!element || next === undefined) break;
      found.push(element);
      at += element.text.length;
      if (next === comma) at++;
      else if (next === closeBracket) this.isOver = true;
      else throw new SyntaxError("the elements of an answer are not set apart");
    }
    return { found, rest: bytes.subarray(at) };
  }
}

/** @param tail from the bracket on that ends the elements */
function annotationsAfter(tail: Buffer): Annotations {
  const text = tail.toString();
  if (!text.startsWith("]}")) throw new SyntaxError("an answer has more than its result");
  return annotationsOf(JSON.parse(`{"status":"success"${text.slice(2)}`));
}

/** The element that begins at a place; undefined where its end is not there yet. @throws SyntaxError */
function elementAt(bytes: Buffer, at: number): ResultElement | undefined {
  const metricAt = at + beforeMetric.length;
  if (bytes.length < metricAt + 2) return undefined;
  if (bytes[at] !== openBrace || bytes.toString("latin1", at, metricAt) !== beforeMetric)
    throw new SyntaxError("an answer has an element without labels");
  for (let end = bytes.indexOf(afterMetric, metricAt); ; end = bytes.indexOf(afterMetric, end + 1)) {
    if (end < 0) return undefined;
    // within the text of a label the quote would be one that ends it, and no name could follow
    const kind = bytes.toString("latin1", end + afterMetric.length, end + afterMetric.length + 10);
    if (kind.length < 10) return undefined;
    if (!kind.startsWith("value") && !kind.startsWith("histogram")) continue;
    const valuesAt = end + 2;
    const length = endOfValues(bytes, at, valuesAt, kind) - at;
    if (length < 0) return undefined;
    return { metric: bytes.toString("latin1", metricAt, end + 1), text: bytes.subarray(at, at + length) };
  }
}

/** Where an element ends, or less than it begins where that is not there yet. */
function endOfValues(bytes: Buffer, at: number, valuesAt: number, kind: string): number {
  if (kind.startsWith('values":[')) {
    const end = bytes.indexOf("]]", valuesAt);
    if (end < 0) return -1;
    // histograms may come after the values
    return bytes[end + 2] === closeBrace ? end + 3 : bytes.length <= end + 2 ? -1 : endOfObject(bytes, at);
  }
  if (kind.startsWith('value":[')) {
    const end = bytes.indexOf("]}", valuesAt);
    return end < 0 ? -1 : end + 2;
  }
  return endOfObject(bytes, at);
}

/** For elements with anything in them. */
function endOfObject(bytes: Buffer, at: number): number {
  let depth = 0;
  for (let place = at; place < bytes.length; place++) {
    const byte = bytes[place];
    if (byte === quote) {
      for (place++; place < bytes.length && bytes[place] !== quote; place++)
        if (bytes[place] === backslash) place++;
    } else if (byte === openBrace || byte === openBracket) depth++;
    else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) return place + 1;
  }
  return -1;
}
