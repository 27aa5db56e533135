import { type Combiner, type Params, allParams } from "./combiner.ts";
import { dataElements } from "./data-elements.ts";
import { elementListAnswer } from "./element-list-answer.ts";
import { type LabelSet, compareLabelSets } from "./label-set.ts";
import { limited } from "./result-limit.ts";
import { type Part, unitedAnnotations } from "./success-answer.ts";

/** The series of all shards; what several shards have is there once. */
export const seriesCombiner: Combiner<Part<string[]>> = {
  method: "POST",
  parse: dataElements,
  merge(parts, params) {
    const { kept, warnings } = limited(unitedSeries(parts, params), params);
    return elementListAnswer(kept, unitedAnnotations(parts, ...warnings));
  },
};

/** Prometheus sorts series only where it has to unite those of several selectors. */
function unitedSeries(parts: readonly Part<string[]>[], params: Params): string[] {
  const lists = parts.map(({ data }) => data);
  const isSorted = allParams(params, "match[]").length > 1;
  return [...new Set(isSorted ? mergedByLabels(lists) : lists.flat())];
}

function* mergedByLabels(lists: readonly (readonly string[])[]): Generator<string> {
  const heads = lists.map((list) => ({ list, at: -1, labels: {} as LabelSet, element: "" })).filter(advance);
  while (heads.length > 0) {
    let first = heads[0];
    for (const head of heads)
      if (first && compareLabelSets(head.labels, first.labels, compareBytes) < 0) first = head;
    if (!first) return;
    yield first.element;
    if (!advance(first)) heads.splice(heads.indexOf(first), 1);
  }
}

interface Head {
  list: readonly string[];
  at: number;
  element: string;
  labels: LabelSet;
}

/** @returns whether there is a next one */
function advance(head: Head): boolean {
  const element = head.list[++head.at];
  if (element === undefined) return false;
  head.element = element;
  head.labels = JSON.parse(element) as LabelSet;
  return true;
}

/** Characters are bytes here, so that their order is the one of UTF-8. */
function compareBytes(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
