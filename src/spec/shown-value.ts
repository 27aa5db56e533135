/**
 * A value in a sentence.
 * @param source how it was written, where it was without quotes
 */
export function shown(value: unknown, source?: string): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Date) return `the date ${source ?? value.toISOString()}`;
  if (typeof value === "object") return "a map";
  if (typeof value !== "string") return source ?? JSON.stringify(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value);
}

/** Whether quotes would make a string of it. */
export function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || value instanceof Date;
}

/** The same, with what YAML takes it for. */
export function shownWithType(value: unknown, source: string | undefined): string {
  const type = typeof value === "number" || typeof value === "boolean" ? `the ${typeof value} ` : "";
  return `${type}${shown(value, source)}`;
}

export function quoteAdvice(source: string | undefined): string | undefined {
  return source === undefined ? undefined : `Put it in quotes: ${JSON.stringify(source)}.`;
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
