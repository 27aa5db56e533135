import type { Aggregation } from "../../promql/expression.ts";
import { printElement, samplesOf } from "./element-samples.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement, ResultType } from "./result-elements.ts";
import type { SentText } from "./sent-text.ts";
import { sumOf } from "./unite-elements.ts";

/** Label that tells sums and counts apart. */
const role = "__promfleet_part__";

const begin = (op: string) => `label_replace(${op}`;
const end = (op: string) => `, "${role}", "${op}", "", "")`;

/** Asks a shard for the sums and the counts of an average. */
export function sumsAndCounts(query: string, { span }: Aggregation): SentText {
  // the grouping may stand before or after what is averaged
  const averaged = query.slice(span.from + "avg".length, span.to);
  const sums = begin("sum") + averaged + end("sum");
  const between = " or ";
  const text = sums + between + begin("count") + averaged + end("count");
  const own = { userFrom: span.from + "avg".length, length: averaged.length };
  return {
    text,
    shared: [
      { ...own, evaluatedFrom: begin("sum").length },
      { ...own, evaluatedFrom: sums.length + between.length + begin("count").length },
    ],
  };
}

interface SumsAndCounts {
  sums: ResultElement[];
  counts: ResultElement[];
}

/**
 * Averages of what shards have answered to that.
 * @returns in the order of the text of their labels
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
  return [...groups].map(([metric, { sums, counts }]) => {
    const sumAt = summed(sums);
    const countAt = summed(counts);
    const times = [...countAt.keys()].toSorted((left, right) => left - right);
    const values = times.map((time) => {
      const [sum, count] = [sumOf(sumAt.get(time) ?? []), sumOf(countAt.get(time) ?? [])];
      if (!Number.isFinite(sum) && !Number.isNaN(sum)) throw new NotDistributed("a sum has no end");
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
