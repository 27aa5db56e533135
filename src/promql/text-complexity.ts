/** How much there is in a text for those who have to understand it. */
export interface TextComplexity {
  /** How deep brackets are within each other. */
  depth: number;
  /** Operators outside of label matchers; the two characters of one may count as two. */
  operators: number;
}

const operators = new Set("+-*/%^<>=!");
const words = /\b(?:and|or|unless|atan2)\b/giy;

/**
 * Looks a text through once, which costs next to nothing: parsers, Prometheus' own too, take long for what is deep or has thousands of
 * operators. Of a text with mistakes it is as good as any: an unclosed bracket counts.
 */
export function textComplexity(text: string): TextComplexity {
  const found = { depth: 0, operators: 0 };
  let [depth, braces] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (letter === "(" || letter === "{" || letter === "[") {
      if (letter === "{") braces++;
      found.depth = Math.max(found.depth, ++depth);
    } else if (letter === ")" || letter === "}" || letter === "]") {
      if (letter === "}") braces--;
      depth--;
    } else if (letter === "#") at = endOf(text, "\n", at);
    else if (letter === "`") at = endOf(text, "`", at);
    else if (letter === '"' || letter === "'") at = endOfQuoted(text, letter, at);
    else if (braces <= 0 && (operators.has(letter) || isWord(text, letter, at))) found.operators++;
  }
  return found;
}

function isWord(text: string, letter: string, at: number): boolean {
  if (!/[aou]/i.test(letter)) return false;
  words.lastIndex = at;
  return words.test(text);
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
