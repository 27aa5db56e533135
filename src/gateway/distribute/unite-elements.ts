import type { Distribution } from "../planner/distribution.ts";
import { printElement, type Samples, samplesOf } from "./element-samples.ts";
import type { Unite } from "./merge-results.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement, ResultType } from "./result-elements.ts";

type Merging = Exclude<Distribution["kind"], "average" | "first">;

/** What becomes of elements that several shards have for the same labels. */
export function uniting(kind: Merging, type: ResultType): Unite {
  if (kind === "concat") {
    return () => {
      throw new NotDistributed("two shards have given the same labels", "same_labels");
    };
  }
  const operation = operations[kind];
  return (elements) => {
    const [{ metric } = { metric: "" }] = elements;
    return { metric, text: printElement(metric, combined(elements, operation), type) };
  };
}

/** Values of one time, one at least. */
type Operation = (values: readonly number[]) => number;

const operations: Readonly<Record<Exclude<Merging, "concat">, Operation>> = {
  add: sumOf,
  // a value that is not a number is the result only where there is no other
  least: (values) => values.reduce((least, value) => (least > value || Number.isNaN(least) ? value : least)),
  greatest: (values) =>
    values.reduce((greatest, value) => (greatest < value || Number.isNaN(greatest) ? value : greatest)),
  one: () => 1,
};

/** With the rounding of each step kept, as Prometheus adds up. */
export function sumOf(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const value of values) {
    const next = sum + value;
    if (Number.isFinite(next)) {
      lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    }
    sum = next;
  }
  return Number.isFinite(sum) ? sum + lost : sum;
}

/** @throws NotDistributed; SyntaxError */
function combined(elements: readonly ResultElement[], operation: Operation): Samples {
  const sources = elements.map((element) => ({ ...samplesOf(element), at: 0 }));
  const result: Samples = { times: [], values: [] };
  for (;;) {
    let time = Number.POSITIVE_INFINITY;
    for (const { times, at } of sources) time = Math.min(time, times[at] ?? Number.POSITIVE_INFINITY);
    if (time === Number.POSITIVE_INFINITY) return result;
    const values: number[] = [];
    for (const source of sources) {
      if (source.times[source.at] !== time) continue;
      values.push(source.values[source.at++] ?? Number.NaN);
    }
    const [only, ...more] = values;
    result.times.push(time);
    result.values.push(only !== undefined && more.length === 0 ? only : operation(values));
  }
}
