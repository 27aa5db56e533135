import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

/** The way to a value from the root: keys and indexes. */
export type ValuePath = readonly (string | number)[];

/** The values of a YAML text, in the order of the text, with the line (from 1) that each, or its key, begins on. */
function* values(text: string): Generator<{ path: ValuePath; line: number; scalar: unknown }> {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: "1.1", lineCounter: lines });
  function* visit(
    node: unknown,
    path: ValuePath,
    start?: number,
  ): Generator<{ path: ValuePath; line: number; scalar: unknown }> {
    const range = isMap(node) || isSeq(node) || isScalar(node) ? node.range : undefined;
    const offset = start ?? range?.[0];
    if (offset !== undefined)
      yield { path, line: lines.linePos(offset).line, scalar: isScalar(node) ? node.value : undefined };
    if (isSeq(node)) for (const [index, item] of node.items.entries()) yield* visit(item, [...path, index]);
    if (isMap(node))
      for (const { key, value } of node.items)
        if (isScalar(key)) yield* visit(value, [...path, String(key.value)], key.range?.[0]);
  }
  yield* visit(document.contents, []);
}

/** What stands on a line: the innermost value that begins there. */
export function pathAtLine(text: string, line: number): ValuePath | undefined {
  return values(text)
    .filter((value) => value.line === line)
    .toArray()
    .at(-1)?.path;
}

/** The first string that is the one given. */
export function pathOfString(text: string, wanted: string): ValuePath | undefined {
  return values(text).find(({ scalar }) => scalar === wanted)?.path;
}
