import { z } from "zod";
import { compareUtf8 } from "./utf8-order.ts";

/** Labels as the API shows them. Not a z.record: that leaves out a label by the name of __proto__. */
export type LabelSet = Readonly<Record<string, string>>;

export const labelSet = z.custom<LabelSet>((value) => typeof value === "object" && value !== null);

/** The same text for the same labels. */
export function labelSetKey(labels: LabelSet): string {
  return JSON.stringify(sortedLabels(labels));
}

/** The order of labels.Compare of Prometheus: label by label, each by name and then value; the shorter set first. */
export function compareLabelSets(
  left: LabelSet,
  right: LabelSet,
  compare: (left: string, right: string) => number = compareUtf8,
): number {
  const lefts = sortedLabels(left, compare);
  const rights = sortedLabels(right, compare);
  for (const [at, [name, value]] of lefts.entries()) {
    const other = rights[at];
    if (!other) return 1;
    const difference = compare(name, other[0]) || compare(value, other[1]);
    if (difference !== 0) return difference;
  }
  return lefts.length - rights.length;
}

/** Objects have their numeric keys first, whatever the order was in JSON. */
function sortedLabels(
  labels: LabelSet,
  compare: (left: string, right: string) => number = compareUtf8,
): [string, string][] {
  return Object.entries(labels).toSorted(([left], [right]) => compare(left, right));
}
