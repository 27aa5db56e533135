import { type Combiner, type Params, integerParam } from "./combiner.ts";
import { dataElements } from "./data-elements.ts";
import { elementListAnswer } from "./element-list-answer.ts";
import { type LabelSet, labelSetKey } from "./label-set.ts";
import { type Part, unitedAnnotations } from "./success-answer.ts";

/** What all targets say of their metrics; a target that several shards scrape is there once. */
export const targetMetadataCombiner: Combiner<Part<string[]>> = {
  method: "GET",
  parse: dataElements,
  merge(parts, params) {
    const all = new Set(parts.flatMap(({ data }) => data));
    return elementListAnswer(firstTargets([...all], params), unitedAnnotations(parts));
  },
};

/** As Prometheus has it: once there are as many entries as `limit` says no other target is begun; the last one is whole. */
function firstTargets(elements: readonly string[], params: Params): readonly string[] {
  const limit = integerParam(params, "limit") ?? -1;
  if (limit < 0 || elements.length <= limit) return elements;
  let before: string | undefined;
  const end = elements.findIndex((element, index) => {
    const target = labelSetKey((JSON.parse(element) as { target: LabelSet }).target);
    const isOther = target !== before;
    before = target;
    return isOther && index >= limit;
  });
  return end < 0 ? elements : elements.slice(0, end);
}
