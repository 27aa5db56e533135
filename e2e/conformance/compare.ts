import type { ApiAnswer } from "../harness/http.ts";

/** How an answer relates to the reference's. */
export interface Comparison {
  /** Undefined when they agree; otherwise the first difference. */
  difference: string | undefined;
  /** Every value is the same text. */
  bitEqual: boolean;
  /** The reference's result has at least one sample. */
  notEmpty: boolean;
}

interface QueryData {
  resultType: string;
  result: unknown;
}
interface Series {
  metric: Record<string, string>;
  value?: Point;
  values?: Point[];
  histogram?: Point;
  histograms?: Point[];
}
/** Seconds and a value; of a histogram, its JSON. */
type Point = [number, unknown];

/** As in the compliance suite. */
const relativeTolerance = 1e-5;

/** Compares two answers of query or query_range. Series may come in any order. */
export function compareAnswers(reference: ApiAnswer, answer: ApiAnswer): Comparison {
  const none = { bitEqual: false, notEmpty: false };
  if (reference.status === "error") {
    const agreed = answer.status === "error" && answer.errorType === reference.errorType;
    const difference = agreed
      ? undefined
      : `the reference fails (${reference.errorType}: ${reference.error}), the fleet says ${answer.status} ${answer.errorType ?? ""}`;
    return { ...none, difference };
  }
  if (answer.status === "error") return { ...none, difference: `${answer.errorType}: ${answer.error}` };
  const want = reference.data as QueryData;
  const got = answer.data as QueryData;
  if (want.resultType !== got.resultType)
    return { ...none, difference: `a ${got.resultType} instead of a ${want.resultType}` };
  if (want.resultType === "scalar" || want.resultType === "string") {
    const differing = new Differences();
    differing.point("", want.result as Point, got.result as Point);
    return { difference: differing.first, bitEqual: differing.bitEqual, notEmpty: true };
  }
  return compareSeries(want.result as Series[], got.result as Series[]);
}

function compareSeries(want: readonly Series[], got: readonly Series[]): Comparison {
  const differing = new Differences();
  const byLabels = new Map<string, Series>();
  for (const series of got) {
    const labels = labelText(series.metric);
    if (byLabels.has(labels)) differing.add(`${labels} is there twice`);
    byLabels.set(labels, series);
  }
  for (const series of want) {
    const labels = labelText(series.metric);
    const other = byLabels.get(labels);
    byLabels.delete(labels);
    if (!other) {
      differing.add(`${labels} is missing`);
      continue;
    }
    differing.points(labels, pointsOf(series.value, series.values), pointsOf(other.value, other.values));
    const name = `histograms of ${labels}`;
    differing.points(
      name,
      pointsOf(series.histogram, series.histograms),
      pointsOf(other.histogram, other.histograms),
    );
  }
  for (const labels of byLabels.keys()) differing.add(`${labels} is too many`);
  return { difference: differing.first, bitEqual: differing.bitEqual, notEmpty: want.length > 0 };
}

const pointsOf = (one: Point | undefined, many: Point[] | undefined): Point[] => many ?? (one ? [one] : []);

function labelText(metric: Record<string, string>): string {
  const names = Object.keys(metric).toSorted();
  return `{${names.map((name) => `${name}=${JSON.stringify(metric[name])}`).join(", ")}}`;
}

/** Collects what differs; keeps the first. */
class Differences {
  first: string | undefined;
  bitEqual = true;

  add(difference: string): void {
    this.first ??= difference;
    this.bitEqual = false;
  }

  points(labels: string, want: readonly Point[], got: readonly Point[]): void {
    if (want.length !== got.length)
      return this.add(`${labels} has ${got.length} points instead of ${want.length}`);
    for (const [index, point] of want.entries()) {
      const other = got[index];
      if (other) this.point(labels, point, other);
    }
  }

  point(labels: string, want: Point, got: Point): void {
    if (want[0] !== got[0]) return this.add(`${labels} is at ${got[0]} instead of ${want[0]}`);
    const [a, b] = [JSON.stringify(want[1]), JSON.stringify(got[1])];
    if (a === b) return;
    this.bitEqual = false;
    if (typeof want[1] !== "string" || typeof got[1] !== "string" || !close(want[1], got[1]))
      this.add(`${labels} at ${want[0]} is ${b} instead of ${a}`);
  }
}

function close(want: string, got: string): boolean {
  const [a, b] = [parseValue(want), parseValue(got)];
  return Math.abs(a - b) <= relativeTolerance * Math.min(Math.abs(a), Math.abs(b));
}

/** Of a number as Prometheus prints it; NaN and infinities only equal themselves, and that by their text. */
const parseValue = (text: string): number => (/Inf/.test(text) ? Number.NaN : Number(text));
