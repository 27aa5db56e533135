import { LineCounter, parseDocument } from "yaml";
import { PromfleetError, type Position } from "../errors/promfleet-error.ts";
import { unboundedPart } from "./lexical-bounds.ts";
import type { InputDocument } from "./input-document.ts";
import { YamlPlaces } from "./yaml-places.ts";
import { yamlValues } from "./yaml-values.ts";

/** Bytes of an input file. */
const largest = 8 * 1024 ** 2;

/** Neither YAML nor JSON has these unescaped. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/**
 * Reads one YAML document.
 * @param file how complaints name it
 * @throws PromfleetError INPUT_SYNTAX, INPUT_TOO_LARGE
 */
export function readDocument(text: string, file: string): InputDocument {
  refuseAtSight(text, file);
  refuseUnbounded(text, file);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.1",
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    // anything quieter and a second document passes unnoticed
    logLevel: "error",
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(Math.min(offset, text.length));
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  // what follows the first mistake is mostly its echo
  const [error] = document.errors;
  if (error) throw syntaxError(error.code, error.message, at(error.pos[0]));
  if (document.contents === null)
    throw new PromfleetError({ code: "INPUT_SYNTAX", message: "the file holds nothing", at: at(0) });
  const { value, complaints, targets } = yamlValues(document, at);
  return { file, value, complaints, ...new YamlPlaces(document, targets, at).functions };
}

/** What is known to be wrong before a parser has seen it. */
function refuseAtSight(text: string, file: string): void {
  const start: Position = { file, line: 1, column: 1 };
  const bytes = Buffer.byteLength(text);
  if (bytes > largest)
    throw new PromfleetError({
      code: "INPUT_TOO_LARGE",
      message: `the file has ${bytes} bytes; ${largest} at most are read`,
      at: start,
    });
  const found = control.exec(text);
  if (!found) return;
  const at = positionAt(text, found.index, file);
  const digits = found[0].charCodeAt(0).toString(16).padStart(4, "0");
  throw new PromfleetError({
    code: "INPUT_SYNTAX",
    message: `this is no text: U+${digits} stands in it`,
    at,
  });
}

function refuseUnbounded(text: string, file: string): void {
  const part = unboundedPart(text);
  if (!part) return;
  const at = positionAt(text, part.offset, file);
  throw new PromfleetError(
    part.why === "deep"
      ? { code: "INPUT_SYNTAX", message: tooDeep, at }
      : { code: "INPUT_TOO_LARGE", message: "the file holds more keys and values than are read", at },
  );
}

const tooDeep = "this is nested too deeply";

function positionAt(text: string, offset: number, file: string): Position {
  const before = text.slice(0, offset).split("\n");
  return { file, line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

function syntaxError(code: string, said: string, at: Position): PromfleetError {
  if (code === "MULTIPLE_DOCS")
    return new PromfleetError({
      code: "INPUT_SYNTAX",
      message: "a second YAML document begins here, and one is expected",
      at,
      advice: "Put each document into a file of its own.",
    });
  const message = /call stack/.test(said) ? tooDeep : `this is no YAML: ${firstLower(said)}`;
  return new PromfleetError({ code: "INPUT_SYNTAX", message, at });
}

function firstLower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
