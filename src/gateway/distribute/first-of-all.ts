import type { Grouping } from "../../promql/expression.ts";
import { compareLabelTexts } from "../combine/label-text-order.ts";
import type { LabelSet } from "../combine/label-set.ts";
import { printElement, samplesOf } from "./element-samples.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement, ResultType } from "./result-elements.ts";

export interface FirstOfAll {
  k: number;
  fromTop: boolean;
  grouping: Grouping;
}

interface Candidate {
  metric: string;
  value: number;
}

/**
 * The first k of each group at each time, of what shards have for k and one more.
 * @throws NotDistributed where it is not certain which they are
 */
export function firstOfAll(
  parts: readonly (readonly ResultElement[])[],
  { k, fromTop, grouping }: FirstOfAll,
  type: ResultType,
): ResultElement[] {
  /** By group, and in it by time. */
  const groups = new Map<string, Map<number, Candidate[]>>();
  const seen = new Set<string>();
  for (const element of parts.flat()) {
    const { metric } = element;
    if (seen.has(metric)) throw new NotDistributed("two shards have given the same labels", "same_labels");
    seen.add(metric);
    const key = groupOf(metric, grouping);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = new Map()));
    const { times, values } = samplesOf(element);
    for (const [index, time] of times.entries()) {
      const candidate = { metric, value: values[index] ?? Number.NaN };
      const others = group.get(time);
      if (others) others.push(candidate);
      else group.set(time, [candidate]);
    }
  }
  const chosen = new Map<string, { times: number[]; values: number[] }>();
  for (const group of groups.values()) {
    for (const [time, candidates] of group) {
      for (const { metric, value } of firstOf(candidates, k, fromTop)) {
        let samples = chosen.get(metric);
        if (!samples) chosen.set(metric, (samples = { times: [], values: [] }));
        samples.times.push(time);
        samples.values.push(value);
      }
    }
  }
  const elements = [...chosen].map(([metric, samples]) => ({
    metric,
    text: printElement(metric, inOrder(samples), type),
  }));
  return type === "vector"
    ? elements
    : elements.toSorted((left, right) => compareLabelTexts(left.metric, right.metric));
}

/** @throws NotDistributed */
function firstOf(candidates: readonly Candidate[], k: number, fromTop: boolean): Candidate[] {
  const sorted = candidates.toSorted((left, right) => inRank(left.value, right.value, fromTop));
  const [last, next] = [sorted[k - 1], sorted[k]];
  if (last && next && inRank(last.value, next.value, fromTop) === 0)
    throw new NotDistributed("which ones are the first is not certain, as some are equal", "equal_values");
  return sorted.slice(0, k);
}

/** What is not a number comes last. */
function inRank(left: number, right: number, fromTop: boolean): number {
  if (Number.isNaN(left) || Number.isNaN(right))
    return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
  if (left === right) return 0;
  return left > right === fromTop ? -1 : 1;
}

function groupOf(metric: string, { mode, labels }: Grouping): string {
  if (mode === "by" && labels.length === 0) return "";
  const named = new Set(labels.map((label) => Buffer.from(label).toString("latin1")));
  const own = Object.entries(JSON.parse(metric) as LabelSet).filter(
    ([name]) => named.has(name) === (mode === "by") && (mode === "by" || name !== "__name__"),
  );
  return JSON.stringify(own.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

function inOrder({ times, values }: { times: readonly number[]; values: readonly number[] }) {
  const order = times
    .map((_, index) => index)
    .toSorted((left, right) => (times[left] ?? 0) - (times[right] ?? 0));
  return { times: order.map((index) => times[index] ?? 0), values: order.map((index) => values[index] ?? 0) };
}
