const position = /\((\d+):(\d+)\)$/;

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
  const insertions = findInsertions(Buffer.from(userText), Buffer.from(evaluatedText), marker);
  const evaluated = Buffer.from(evaluatedText);
  const user = Buffer.from(userText);
  return (annotation) =>
    annotation.replace(position, (_, line: string, column: string) => {
      const offset = offsetOf(evaluated, Number(line), Number(column));
      const inserted = insertions.reduce(
        (sum, { at, length }) => sum + Math.min(length, Math.max(0, offset - at)),
        0,
      );
      return `(${placeOf(user, offset - inserted)})`;
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
