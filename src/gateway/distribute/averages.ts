import { compareLabelTexts } from "../combine/label-text-order.ts";
import { printElement, samplesOf } from "./element-samples.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement, ResultType } from "./result-elements.ts";
import { role } from "./sent-text.ts";
import { sumOf } from "./unite-elements.ts";

interface SumsAndCounts {
  sums: ResultElement[];
  counts: ResultElement[];
}

/**
 * Averages of the sums and counts that shards have answered.
 * @returns in the order of their labels
 * @throws NotDistributed where a sum has no end: Prometheus adds up otherwise then
 */
export function averagesOf(parts: readonly (readonly ResultElement[])[], type: ResultType): ResultElement[] {
  const groups = new Map<string, SumsAndCounts>();
  for (const element of parts.flat()) {
    const { metric, isSum } = withoutRole(element.metric);
    let group = groups.get(metric);
    if (!group) groups.set(metric, (group = { sums: [], counts: [] }));
    (isSum ? group.sums : group.counts).push(element);
  }
  const sorted = [...groups].toSorted(([left], [right]) => compareLabelTexts(left, right));
  return sorted.map(([metric, { sums, counts }]) => {
    const sumAt = summed(sums);
    const countAt = summed(counts);
    const times = [...countAt.keys()].toSorted((left, right) => left - right);
    const values = times.map((time) => {
      const [sum, count] = [sumOf(sumAt.get(time) ?? []), sumOf(countAt.get(time) ?? [])];
      if (!Number.isFinite(sum) && !Number.isNaN(sum))
        throw new NotDistributed("a sum has no end", "infinite_sum");
      return sum / count;
    });
    return { metric, text: printElement(metric, { times, values }, type) };
  });
}

function summed(elements: readonly ResultElement[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const element of elements) {
    const { times, values } = samplesOf(element);
    for (const [index, time] of times.entries()) {
      const value = values[index] ?? Number.NaN;
      const others = found.get(time);
      if (others) others.push(value);
      else found.set(time, [value]);
    }
  }
  return found;
}

/** @throws SyntaxError */
function withoutRole(metric: string): { metric: string; isSum: boolean } {
  for (const op of ["sum", "count"]) {
    const label = `"${role}":"${op}"`;
    const at = metric.indexOf(label);
    if (at < 0) continue;
    const end = at + label.length;
    // one comma goes with it, the one after it or the one before
    const rest = metric[end] === "," ? metric.slice(end + 1) : metric.slice(end);
    const before =
      metric[end] !== "," && metric[at - 1] === "," ? metric.slice(0, at - 1) : metric.slice(0, at);
    return { metric: before + rest, isSum: op === "sum" };
  }
  throw new SyntaxError("an answer has an element that was not asked for");
}
