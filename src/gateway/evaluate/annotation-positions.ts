const position = /( ?)\((\d+):(\d+)\)$/;

/**
 * Moves the positions in annotations from the text that was evaluated to the one that the user wrote. Prometheus counts lines, and
 * bytes in a line, from 1.
 * @param marker what was inserted into each selector, bare, with a comma after it, or in braces of its own
 */
export function userPositions(
  userText: string,
  evaluatedText: string,
  marker: string,
): (annotation: string) => string {
  const evaluated = Buffer.from(evaluatedText);
  const user = Buffer.from(userText);
  const insertions = findInsertions(user, evaluated, marker);
  return movingPositions(evaluated, user, (offset) => {
    const inserted = insertions.map(({ at, length }) => Math.min(length, Math.max(0, offset - at)));
    return offset - inserted.reduce((sum, length) => sum + length, 0);
  });
}

/** A part of a text that was evaluated which stands in the user's text, too; in UTF-16 units. */
export interface SharedText {
  evaluatedFrom: number;
  userFrom: number;
  length: number;
}

/** The same for a text of which only these parts are the user's. Positions elsewhere are left out. */
export function sharedPositions(
  userText: string,
  evaluatedText: string,
  shared: readonly SharedText[],
): (annotation: string) => string {
  const parts = shared.map(({ evaluatedFrom, userFrom, length }) => ({
    from: bytesUntil(evaluatedText, evaluatedFrom),
    to: bytesUntil(evaluatedText, evaluatedFrom + length),
    userFrom: bytesUntil(userText, userFrom),
  }));
  return movingPositions(Buffer.from(evaluatedText), Buffer.from(userText), (offset) => {
    const part = parts.find(({ from, to }) => offset >= from && offset < to);
    return part && offset - part.from + part.userFrom;
  });
}

/** The same for an error of a parser, `1:5: parse error: …`. */
export function movedErrors(
  userText: string,
  evaluatedText: string,
  shared: readonly SharedText[],
): (error: string) => string {
  const moved = sharedPositions(userText, evaluatedText, shared);
  return (error) =>
    error.replace(/(\d+:\d+): (?=parse error)/, (_, place: string) => {
      const own = moved(`(${place})`);
      return own === "" ? "" : `${own.slice(1, -1)}: `;
    });
}

const bytesUntil = (text: string, end: number): number => Buffer.byteLength(text.slice(0, end));

/** @param moved where an offset in bytes is in the user's text; undefined where it is not */
function movingPositions(
  evaluated: Buffer,
  user: Buffer,
  moved: (offset: number) => number | undefined,
): (annotation: string) => string {
  return (annotation) =>
    annotation.replace(position, (_, before: string, line: string, column: string) => {
      const offset = moved(offsetOf(evaluated, Number(line), Number(column)));
      return offset === undefined ? "" : `${before}(${placeOf(user, offset)})`;
    });
}

/** Offsets in the evaluated text. */
function findInsertions(user: Buffer, evaluated: Buffer, marker: string): { at: number; length: number }[] {
  const found: { at: number; length: number }[] = [];
  let shift = 0;
  for (let at = evaluated.indexOf(marker); at >= 0; at = evaluated.indexOf(marker, at + marker.length)) {
    const after = evaluated[at + marker.length];
    const ownBraces = after === 0x7d && evaluated[at - 1] === 0x7b && user[at - 1 - shift] !== 0x7b;
    const begin = ownBraces ? at - 1 : at;
    const length = marker.length + (ownBraces ? 2 : after === 0x2c ? 1 : 0);
    found.push({ at: begin, length });
    shift += length;
  }
  return found;
}

function offsetOf(text: Buffer, line: number, column: number): number {
  let lineStart = 0;
  for (let passed = 1; passed < line; passed++) lineStart = text.indexOf(0x0a, lineStart) + 1;
  return lineStart + column - 1;
}

function placeOf(text: Buffer, offset: number): string {
  const before = text.subarray(0, offset);
  const lines = before.filter((byte) => byte === 0x0a).length;
  return `${lines + 1}:${offset - before.lastIndexOf(0x0a)}`;
}
