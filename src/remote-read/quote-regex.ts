/** A regular expression that matches just the text, like Go's regexp.QuoteMeta. */
export function quoteRegex(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
