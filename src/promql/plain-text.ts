/**
 * The text with its comments blanked out, read as Prometheus' lexer reads it and of the same length; undefined where something
 * stands outside of its strings that no PromQL has. Parsers differ in where a comment ends: for Prometheus at a carriage return,
 * too. What is left has no place in which one of them would see a selector and another one none.
 */
export function plainText(text: string): string | undefined {
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    let end = at + 1;
    if (character === "#") {
      while (end < text.length && text[end] !== "\n" && text[end] !== "\r") end++;
      plain += " ".repeat(end - at);
    } else if (character === '"' || character === "'" || character === "`") {
      const closed = stringEnd(text, at);
      if (closed === undefined) return undefined;
      end = closed;
      plain += text.slice(at, end);
    } else if (character === "\r") plain += " ";
    else if (/^[\n\t -~]$/.test(character)) plain += character;
    else return undefined;
    at = end;
  }
  return plain;
}

/** Offsets just after each "{" outside of strings. @param plain without comments */
export function bracesOf(plain: string): number[] {
  const found: number[] = [];
  let at = 0;
  while (at < plain.length) {
    const character = plain.charAt(at);
    if (character === "{") found.push(at + 1);
    const isQuote = character === '"' || character === "'" || character === "`";
    at = (isQuote ? stringEnd(plain, at) : undefined) ?? at + 1;
  }
  return found;
}

/** Where a string that begins at an offset ends; undefined where it does not. */
function stringEnd(text: string, from: number): number | undefined {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++) {
    const character = text[at];
    if (character === quote) return at + 1;
    if (quote === "`") continue;
    if (character === "\n") return undefined;
    if (character === "\\") {
      at++;
      if (text[at] === "\n") return undefined;
    }
  }
  return undefined;
}
