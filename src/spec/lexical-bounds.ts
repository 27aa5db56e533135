import { Lexer } from "yaml";

/** More brackets within brackets than any declaration has; the parser would follow until memory ends. */
const deepest = 100;

/** Keys and values in the text. */
const mostScalars = 1_000_000;

/** Lexemes without a width. The last one stands before every plain or quoted scalar. */
const markers: ReadonlySet<string> = new Set(["\u0002", "\u0018", "\u001f"]);

/**
 * What makes a YAML text more than should be given to the parser, which needs many times the memory of the text.
 * @returns and where it begins to be too much, in characters; undefined where it does not
 */
export function unboundedPart(text: string): { why: "deep" | "long"; offset: number } | undefined {
  let offset = 0;
  let depth = 0;
  let scalars = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") depth++;
    else if (lexeme === "]" || lexeme === "}") depth = Math.max(0, depth - 1);
    else if (lexeme === "\u001f") scalars++;
    if (depth > deepest) return { why: "deep", offset };
    if (scalars > mostScalars) return { why: "long", offset };
    if (!markers.has(lexeme)) offset += lexeme.length;
  }
  return undefined;
}
