/**
 * Whether a fully anchored RE2 regular expression of Prometheus matches a value. JavaScript's are close, not the same:
 * undefined where the pattern is not one that both read alike.
 */
export function matchesRegex(pattern: string, value: string): boolean | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, "su").test(value);
  } catch {
    return undefined;
  }
}
