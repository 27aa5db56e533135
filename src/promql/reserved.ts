import { unquote } from "./unquote.ts";

/** Metric and label names with this beginning are promfleet's own. */
export const reservedPrefix = "__promfleet_";

const token =
  /#[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`|[a-zA-Z_:][a-zA-Z0-9_:]*|=~|!~|!=|=|\s+|./gsu;

/**
 * Whether a query, a match[] or any other PromQL text uses a metric or label whose name begins with `__promfleet_`: as it
 * stands, quoted, or spelled with escapes; as a value of `__name__`, or as an argument of a function (label_replace,
 * count_values). Values of other labels may be anything. Works on the text's tokens, so that texts which do not parse are
 * judged too.
 */
export function usesReservedName(text: string): boolean {
  let beforeLast = "";
  let last = "";
  for (const [part] of text.matchAll(token)) {
    if (part.startsWith("#") || /^\s+$/.test(part)) continue;
    // a quote alone is a string that nobody closed: what follows is read as if it stood outside
    const isString = part.length > 1 && /^["'`]/.test(part);
    const word = isString ? (unquote(part) ?? part.slice(1, -1)) : part;
    const isValue = isString && /^(?:=|!=|=~|!~)$/.test(last) && beforeLast !== "__name__";
    if (!isValue && word.startsWith(reservedPrefix)) return true;
    beforeLast = last;
    last = word;
  }
  return false;
}
