/** A regular expression that matches just these texts; the same for the same ones in any order. */
export function regexOfAny(texts: Iterable<string>): string {
  return [...new Set(texts)].toSorted().map(quoteRegex).join("|");
}

/** A regular expression that matches just the text, like Go's regexp.QuoteMeta. */
export function quoteRegex(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
