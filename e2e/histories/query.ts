/** A query of a history, with times in s since the history's beginning; instant where there is no step. */
export interface HistoryQuery {
  expression: Expression;
  start: number;
  end: number;
  step: number | undefined;
}

/** A piece of PromQL: in its text `$0`, `$1`… stand for its parts, and `T+12.5` for a time of the history. */
export interface Expression {
  text: string;
  type: "vector" | "matrix" | "scalar";
  parts: readonly Expression[];
}

/** @param base s since 1970 at which the history begins */
export function promql({ text, parts }: Expression, base: number): string {
  return text
    .replaceAll(/T\+(\d+(?:\.\d+)?)/g, (_, offset: string) => String(base + Number(offset)))
    .replaceAll(/\$(\d)/g, (_, index: string) => {
      const part = parts[Number(index)];
      return part ? promql(part, base) : "";
    });
}

/** Parameters of query or query_range. */
export function queryParams(
  { expression, start, end, step }: HistoryQuery,
  base: number,
): Record<string, string> {
  const query = promql(expression, base);
  if (step === undefined) return { query, time: String(base + end) };
  return { query, start: String(base + start), end: String(base + end), step: String(step) };
}

/** Simpler queries, the simplest first. */
export function simplerQueries(query: HistoryQuery): HistoryQuery[] {
  const { start, end, step } = query;
  const times: HistoryQuery[] = [];
  if (step !== undefined) {
    const middle = start + Math.floor((end - start) / step / 2) * step;
    const points = Math.floor((end - start) / step) + 1;
    // many instants: any of them may be the one
    if (points <= 12)
      for (let at = 0; at < points; at++) times.push({ ...query, end: start + at * step, step: undefined });
    else times.push({ ...query, end: middle }, { ...query, start: middle + step });
  }
  return [...simplerExpressions(query.expression).map((expression) => ({ ...query, expression })), ...times];
}

/** A part of the same type in its place, anywhere in it. */
function simplerExpressions(expression: Expression): Expression[] {
  const inPlace = expression.parts.filter(
    ({ type }) => type === expression.type || isWhole(type, expression.type),
  );
  const within = expression.parts.flatMap((part, index) =>
    simplerExpressions(part)
      .filter(({ type }) => type === part.type)
      .map((simpler) => ({ ...expression, parts: expression.parts.with(index, simpler) })),
  );
  return [...inPlace, ...within];
}

/** What may stand alone in the place of a vector. */
const isWhole = (type: Expression["type"], place: Expression["type"]): boolean =>
  place !== "matrix" && type !== "matrix";
