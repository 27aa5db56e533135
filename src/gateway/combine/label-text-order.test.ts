import * as fc from "fast-check";
import { expect, test } from "vitest";
import { compareLabelSets } from "./label-set.ts";
import { compareLabelTexts } from "./label-text-order.ts";
import { compareUtf8 } from "./utf8-order.ts";

/** Few characters, so that two sets have much in common. */
const characters = ["a", "b", "1", '"', " ", "\\", ",", "}", "{", ":", "!", "~", "ü", "～", "😀", "\n"];
const text = fc.array(fc.constantFrom(...characters), { maxLength: 3 }).map((some) => some.join(""));
const labels = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true });

/** As Prometheus writes it. */
function textOf(set: Record<string, string>): string {
  const members = Object.entries(set)
    .toSorted(([left], [right]) => compareUtf8(left, right))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return Buffer.from(`{${members.join(",")}}`).toString("latin1");
}

test("texts have the order of the labels that they are of", () => {
  fc.assert(
    fc.property(labels, labels, (left, right) => {
      const want = Math.sign(compareLabelSets(left, right));
      expect(Math.sign(compareLabelTexts(textOf(left), textOf(right)))).toBe(want);
    }),
    { numRuns: 20_000 },
  );
});
