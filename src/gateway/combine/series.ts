import { type Combiner, type Params, allParams } from "./combiner.ts";
import { dataElements } from "./data-elements.ts";
import { elementListAnswer } from "./element-list-answer.ts";
import { compareLabelTexts } from "./label-text-order.ts";
import { limited } from "./result-limit.ts";
import { type Part, unitedAnnotations } from "./success-answer.ts";

/** The series of all shards; what several shards have is there once. */
export const seriesCombiner: Combiner<Part<string[]>> = {
  method: "POST",
  ofTimes: true,
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
  const heads = lists.map((list) => ({ list, at: 0, element: list[0] }));
  for (;;) {
    let first: Head | undefined;
    for (const head of heads)
      if (head.element !== undefined && isBefore(head.element, first?.element)) first = head;
    if (first?.element === undefined) return;
    yield first.element;
    first.element = first.list[++first.at];
  }
}

interface Head {
  list: readonly string[];
  at: number;
  /** Undefined at the end. */
  element: string | undefined;
}

function isBefore(element: string, other: string | undefined): boolean {
  return other === undefined || compareLabelTexts(element, other) < 0;
}
