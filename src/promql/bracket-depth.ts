/**
 * How deep the brackets of a text are within each other. Of a text with mistakes it is as good as any: an unclosed one counts.
 * It costs next to nothing, whereas a parser takes long for what is deep.
 */
export function bracketDepth(text: string): number {
  let [depth, deepest] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "(" || letter === "{" || letter === "[") deepest = Math.max(deepest, ++depth);
    else if (letter === ")" || letter === "}" || letter === "]") depth--;
    else if (letter === "#") at = endOf(text, "\n", at);
    else if (letter === "`") at = endOf(text, "`", at);
    else if (letter === '"' || letter === "'") at = endOfQuoted(text, letter, at);
  }
  return deepest;
}

function endOf(text: string, letter: string, from: number): number {
  const at = text.indexOf(letter, from + 1);
  return at < 0 ? text.length : at;
}

function endOfQuoted(text: string, quote: string, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === "\\" ? 2 : 1;
  return at;
}
