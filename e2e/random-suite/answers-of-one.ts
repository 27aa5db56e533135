import { labelText, valueDistance } from "../conformance/compare.ts";
import type { ApiAnswer } from "../harness/http.ts";

/** Elements of a result. */
export interface Element {
  metric: Record<string, string>;
  value?: readonly [number, string];
  values?: readonly (readonly [number, string])[];
  histogram?: readonly [number, unknown];
  histograms?: readonly (readonly [number, unknown])[];
}

export function elementsOf({ data }: ApiAnswer): readonly Element[] {
  const { resultType, result } = (data ?? { resultType: "", result: [] }) as {
    resultType: string;
    result: readonly Element[];
  };
  return resultType === "matrix" || resultType === "vector" ? result : [];
}

/** Relative to a value, of histograms to the numbers in them. */
const lastBits = 2 ** -50;

/**
 * Answers of servers with the same samples to one query. Each has its series in an order of its own, and in a range query most functions
 * and operators hand on their results in one that is drawn anew each time. So which of equal elements topk takes, and the last bits of
 * what is added up, even more of them where it nearly cancels out, are not the same twice.
 */
export class AnswersOfOne {
  readonly #texts = new Set<string>();
  /** By time and labels. */
  readonly #points = new Map<string, unknown[]>();
  /** How many points each of them has, by time. */
  readonly #sizes: ReadonlyMap<string, number>[] = [];
  #answers = 0;

  add(answer: ApiAnswer): void {
    this.#answers++;
    this.#texts.add(JSON.stringify(answer.data));
    const points = pointsOf(answer);
    this.#sizes.push(sizesOf(points));
    for (const [key, value] of points) {
      const others = this.#points.get(key);
      if (others) others.push(value);
      else this.#points.set(key, [value]);
    }
  }

  /** Whether they were all the same. */
  get isOne(): boolean {
    return this.#texts.size === 1;
  }

  /**
   * Whether another server may have given an answer: it has every point that all of them have, none that none of them has, at no time more
   * or fewer of them than any, and its values lie between theirs, or beyond them by no more than twice as far as these lie apart.
   */
  mayBe(answer: ApiAnswer): boolean {
    return this.#hasAll(answer, isAmong);
  }

  /** The same, but each value is one that one of them has, or lies between two of them: nothing beyond. */
  has(answer: ApiAnswer): boolean {
    return this.#hasAll(answer, isWithin);
  }

  #hasAll(answer: ApiAnswer, isKnown: (value: unknown, known: readonly unknown[]) => boolean): boolean {
    const points = pointsOf(answer);
    for (const [key, value] of points) {
      const known = this.#points.get(key);
      if (!known || !isKnown(value, known)) return false;
    }
    const sizes = sizesOf(points);
    const times = new Set([sizes, ...this.#sizes].flatMap((one) => [...one.keys()]));
    return (
      [...times].every((time) => this.#isSize(time, sizes.get(time) ?? 0)) &&
      [...this.#points].every(([key, known]) => known.length < this.#answers || points.has(key))
    );
  }

  /** Whether some of them have as many points at a time, or some have more and some fewer. */
  #isSize(time: string, size: number): boolean {
    const known = this.#sizes.map((one) => one.get(time) ?? 0);
    return size >= Math.min(...known) && size <= Math.max(...known);
  }
}

function pointsOf(answer: ApiAnswer): Map<string, unknown> {
  const points = new Map<string, unknown>();
  for (const { metric, value, values = [], histogram, histograms = [] } of elementsOf(answer)) {
    const labels = labelText(metric);
    for (const point of [value, histogram, ...values, ...histograms])
      if (point) points.set(`${point[0]} ${labels}`, point[1]);
  }
  return points;
}

/** By time. @param points by time and labels */
function sizesOf(points: ReadonlyMap<string, unknown>): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const key of points.keys()) {
    const time = key.slice(0, key.indexOf(" "));
    sizes.set(time, (sizes.get(time) ?? 0) + 1);
  }
  return sizes;
}

function isWithin(value: unknown, known: readonly unknown[]): boolean {
  if (known.some((other) => valueDistance(other, value) === 0)) return true;
  const numbers = known.map(Number).filter(Number.isFinite);
  return (
    typeof value === "string" && Number(value) > Math.min(...numbers) && Number(value) < Math.max(...numbers)
  );
}

function isAmong(value: unknown, known: readonly unknown[]): boolean {
  if (known.some((other) => valueDistance(other, value) <= lastBits)) return true;
  const numbers = known.map(Number).filter(Number.isFinite);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return typeof value === "string" && Math.abs(Number(value) - (least + most) / 2) <= 2.5 * (most - least);
}
