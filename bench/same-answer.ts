/** Values may differ by rounding: sums are made in another order. */
const relativeTolerance = 1e-9;

interface Answer {
  status: string;
  data?: unknown;
  warnings?: string[];
}
interface QueryData {
  resultType: string;
  result: Series[];
}
interface Series {
  metric: Record<string, string>;
  value?: Point;
  values?: Point[];
}
/** Seconds and a value. */
type Point = [number, string];

/**
 * How an answer differs from the reference's, undefined where it does not. Series and list elements may be in any order.
 * @param added labels that the answer's series have besides
 */
export function differenceOf(
  reference: Buffer,
  answer: Buffer,
  added: readonly string[] = [],
): string | undefined {
  if (reference.equals(answer)) return undefined;
  const [want, got] = [reference, answer].map((body) => JSON.parse(body.toString()) as Answer);
  if (!want || !got || want.status !== "success" || got.status !== "success")
    return `it is ${answer.toString().slice(0, 300)} where it should be ${reference.toString().slice(0, 300)}`;
  if (JSON.stringify(want.warnings) !== JSON.stringify(got.warnings))
    return `it warns: ${got.warnings?.join("; ") ?? "of nothing"}`;
  if (Array.isArray(want.data)) return listDifference(want.data, got.data as unknown[]);
  const [wanted, gotten] = [want.data as QueryData, got.data as QueryData];
  if (wanted.resultType !== gotten.resultType) return `a ${gotten.resultType}, not a ${wanted.resultType}`;
  return seriesDifference(
    wanted.result,
    gotten.result.map((series) => ({ ...series, metric: without(series.metric, added) })),
  );
}

function without(metric: Record<string, string>, labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(metric).filter(([name]) => !labels.includes(name)));
}

function listDifference(want: readonly unknown[], got: readonly unknown[]): string | undefined {
  if (want.length !== got.length) return `${got.length} elements, not ${want.length}`;
  const [sorted, others] = [want, got].map((list) => list.map(sortedText).toSorted()) as [string[], string[]];
  const at = sorted.findIndex((text, index) => text !== others[index]);
  return at < 0 ? undefined : `${others[at]}, not ${sorted[at]}`;
}

function seriesDifference(want: readonly Series[], got: readonly Series[]): string | undefined {
  if (want.length !== got.length) return `${got.length} series, not ${want.length}`;
  const byLabels = new Map(got.map((series) => [sortedText(series.metric), series]));
  for (const series of want) {
    const labels = sortedText(series.metric);
    const other = byLabels.get(labels);
    if (!other) return `${labels} is missing`;
    const difference = pointsDifference(pointsOf(series), pointsOf(other));
    if (difference !== undefined) return `${labels}: ${difference}`;
  }
  return undefined;
}

const pointsOf = ({ value, values }: Series): Point[] => values ?? (value ? [value] : []);

function pointsDifference(want: readonly Point[], got: readonly Point[]): string | undefined {
  if (want.length !== got.length) return `${got.length} points, not ${want.length}`;
  for (const [index, [time, value]] of want.entries()) {
    const [otherTime, otherValue] = got[index] ?? [Number.NaN, ""];
    if (time !== otherTime || !close(value, otherValue))
      return `${otherValue} at ${otherTime}, not ${value} at ${time}`;
  }
  return undefined;
}

function close(want: string, got: string): boolean {
  if (want === got) return true;
  const [a, b] = [Number(want), Number(got)];
  return Math.abs(a - b) <= relativeTolerance * Math.min(Math.abs(a), Math.abs(b));
}

/** JSON of a string or of a label set, the names sorted. */
function sortedText(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
