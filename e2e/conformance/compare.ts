import type { ApiAnswer } from "../harness/http.ts";

/** How an answer relates to the reference's. */
export interface Comparison {
  /** Undefined when they agree; otherwise the first difference. */
  difference: string | undefined;
  /** Every value is the same text. */
  bitEqual: boolean;
  /** The reference's result has at least one sample. */
  notEmpty: boolean;
  /** Points that either of them has. */
  points: number;
  /** How many of these are wrong, missing or too many. */
  wrong: number;
  /** How far a value is off at most, relative to the reference's; infinite where it cannot be said. */
  worst: number;
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

/**
 * Whether two values are near enough to each other though they are off by more than the tolerance.
 * @param labels of the element, as labelText gives them
 * @param time s
 * @param distance of the values from each other; NaN where one is no finite float
 */
export type Slack = (labels: string, time: number, distance: number) => boolean;

/** As in the compliance suite. */
const complianceTolerance = 1e-5;

/**
 * Compares two answers of query or query_range. Series may come in any order.
 * @param tolerance how far a value may be off, relative to itself
 */
export function compareAnswers(
  reference: ApiAnswer,
  answer: ApiAnswer,
  tolerance = complianceTolerance,
  slack: Slack = () => false,
): Comparison {
  const differing = new Differences(tolerance, slack);
  if (reference.status === "error") {
    const agreed = answer.status === "error" && answer.errorType === reference.errorType;
    const says = `the fleet says ${answer.status} ${answer.errorType ?? ""}`;
    if (!agreed) differing.add(`the reference fails (${reference.errorType}: ${reference.error}), ${says}`);
    return { ...differing.comparison(false), bitEqual: false };
  }
  const want = reference.data as QueryData;
  if (answer.status === "error") {
    if (hasSeries(want)) differing.series(want.result as Series[], []);
    differing.first = `${answer.errorType}: ${answer.error}`;
    return { ...differing.comparison(false), bitEqual: false };
  }
  const got = answer.data as QueryData;
  if (want.resultType !== got.resultType) {
    differing.add(`a ${got.resultType} instead of a ${want.resultType}`);
    return differing.comparison(false);
  }
  if (!hasSeries(want)) {
    differing.point("", want.result as Point, got.result as Point);
    return differing.comparison(true);
  }
  differing.series(want.result as Series[], got.result as Series[]);
  return differing.comparison((want.result as Series[]).length > 0);
}

/** Scalars and strings are one point. */
const hasSeries = ({ resultType }: QueryData): boolean => resultType === "vector" || resultType === "matrix";

const pointsOf = (one: Point | undefined, many: Point[] | undefined): Point[] => many ?? (one ? [one] : []);
const floatsOf = ({ value, values }: Series): Point[] => pointsOf(value, values);
const histogramsOf = ({ histogram, histograms }: Series): Point[] => pointsOf(histogram, histograms);

/** The same text for the same labels. */
export function labelText(metric: Record<string, string>): string {
  const names = Object.keys(metric).toSorted();
  return `{${names.map((name) => `${name}=${JSON.stringify(metric[name])}`).join(", ")}}`;
}

/** Collects what differs; keeps the first. */
class Differences {
  first: string | undefined;
  readonly #tolerance: number;
  readonly #slack: Slack;
  #bitEqual = true;
  #points = 0;
  #wrong = 0;
  #worst = 0;

  constructor(tolerance: number, slack: Slack) {
    this.#tolerance = tolerance;
    this.#slack = slack;
  }

  comparison(notEmpty: boolean): Comparison {
    const [points, wrong] = [this.#points, this.#wrong];
    return { difference: this.first, bitEqual: this.#bitEqual, notEmpty, points, wrong, worst: this.#worst };
  }

  add(difference: string): void {
    this.first ??= difference;
    this.#bitEqual = false;
  }

  series(want: readonly Series[], got: readonly Series[]): void {
    const byLabels = new Map<string, Series>();
    for (const series of got) {
      const labels = labelText(series.metric);
      if (byLabels.has(labels)) this.add(`${labels} is there twice`);
      byLabels.set(labels, series);
    }
    for (const series of want) {
      const labels = labelText(series.metric);
      const other = byLabels.get(labels);
      byLabels.delete(labels);
      if (!other) this.add(`${labels} is missing`);
      this.points(labels, floatsOf(series), other ? floatsOf(other) : []);
      const name = `histograms of ${labels}`;
      this.points(name, histogramsOf(series), other ? histogramsOf(other) : []);
    }
    for (const [labels, series] of byLabels) {
      this.add(`${labels} is too many`);
      this.points(labels, [], [...floatsOf(series), ...histogramsOf(series)]);
    }
  }

  points(labels: string, want: readonly Point[], got: readonly Point[]): void {
    if (want.length !== got.length) this.add(`${labels} has ${got.length} points instead of ${want.length}`);
    const byTime = new Map(got.map((point) => [point[0], point]));
    for (const point of want) {
      const other = byTime.get(point[0]);
      byTime.delete(point[0]);
      if (other) this.point(labels, point, other);
      else this.#off(`${labels} has nothing at ${point[0]}`, 0);
    }
    for (const time of byTime.keys()) this.#off(`${labels} has something at ${time}`, 0);
  }

  point(labels: string, want: Point, got: Point): void {
    if (want[0] !== got[0]) return this.#off(`${labels} is at ${got[0]} instead of ${want[0]}`, 0);
    const [a, b] = [JSON.stringify(want[1]), JSON.stringify(got[1])];
    if (a !== b) {
      this.#bitEqual = false;
      const distance = valueDistance(want[1], got[1]);
      const isNear = distance <= this.#tolerance || this.#slack(labels, want[0], apart(want[1], got[1]));
      if (!isNear) return this.#off(`${labels} at ${want[0]} is ${b} instead of ${a}`, distance);
    }
    this.#points++;
  }

  #off(difference: string, distance: number): void {
    this.add(difference);
    this.#points++;
    this.#wrong++;
    this.#worst = Math.max(this.#worst, distance);
  }
}

/** How far two values are from each other, relative to the smaller one; of histograms, of the numbers in them. */
export function valueDistance(want: unknown, got: unknown): number {
  if (typeof want === "string" && typeof got === "string") return distanceOf(want, got);
  if (!isTree(want) || !isTree(got)) return want === got ? 0 : Number.POSITIVE_INFINITY;
  const names = Object.keys(want);
  if (names.length !== Object.keys(got).length) return Number.POSITIVE_INFINITY;
  return Math.max(0, ...names.map((name) => valueDistance(want[name], got[name])));
}

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function distanceOf(want: string, got: string): number {
  if (want === got) return 0;
  const [a, b] = [parseValue(want), parseValue(got)];
  if (a === b) return 0;
  const distance = Math.abs(a - b) / Math.min(Math.abs(a), Math.abs(b));
  return Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance;
}

/** How far two floats are from each other; NaN where either of them is none. */
function apart(want: unknown, got: unknown): number {
  if (typeof want !== "string" || typeof got !== "string") return Number.NaN;
  return Math.abs(parseValue(want) - parseValue(got));
}

/** Of a number as Prometheus prints it; NaN and infinities only equal themselves, and that by their text. */
const parseValue = (text: string): number => (/Inf/.test(text) ? Number.NaN : Number(text));
