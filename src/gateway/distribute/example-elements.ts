import type { LabelSet } from "../combine/label-set.ts";
import { compareUtf8 } from "../combine/utf8-order.ts";
import type { ResultElement } from "./result-elements.ts";

/** Seconds and a value, as in an answer. */
export type Point = readonly [number, string];

/** Labels as Prometheus writes them, in the form of ResultElement. */
export function labelText(labels: LabelSet): string {
  const members = Object.entries(labels)
    .toSorted(([left], [right]) => compareUtf8(left, right))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return Buffer.from(`{${members.join(",")}}`).toString("latin1");
}

/** @param members what the element has besides its labels */
export function elementOf(labels: LabelSet, members: object): ResultElement {
  const metric = labelText(labels);
  const text = Buffer.from(`{"metric":${metric},${JSON.stringify(members).slice(1)}`, "latin1");
  return { metric, text };
}

/** Of a vector at second 1. */
export const oneOf = (labels: LabelSet, value: string): ResultElement =>
  elementOf(labels, { value: [1, value] });

/** Of a matrix. */
export const rowOf = (labels: LabelSet, ...values: readonly Point[]): ResultElement =>
  elementOf(labels, { values });

export const histogram = { count: "4", sum: "5", buckets: [[0, "1", "2", "4"]] };

/** An element as the client reads it. */
export function read({ text }: ResultElement): unknown {
  return JSON.parse(text.toString()) as unknown;
}
