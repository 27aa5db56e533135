/** What is said of an answer that has no place for it: as RFC 7234 has it, one header with a value each. */
export function warningHeaders(warnings: readonly string[]): Record<string, string> {
  if (warnings.length === 0) return {};
  return { warning: warnings.map((warning) => `199 promfleet ${quoted(warning)}`).join(", ") };
}

/** Headers have no letters but those of ASCII. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^ -~]/gu, "?").replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
