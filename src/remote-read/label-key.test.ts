import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LabelKeyBuilder, describeKey, keyHasLabel, labelInKey } from "./label-key.ts";

type Labels = readonly (readonly [string, string])[];

function keyOf(labels: Labels): string {
  const builder = new LabelKeyBuilder();
  for (const part of labels.flat()) {
    const bytes = Buffer.from(part);
    builder.add(bytes, 0, bytes.length);
  }
  return builder.finish();
}

/** Prometheus' labels.Compare, as its slice-based implementation has it. */
function compare(left: Labels, right: Labels): number {
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    for (const part of [0, 1] as const) {
      const order = Buffer.compare(
        Buffer.from(left[index]?.[part] ?? ""),
        Buffer.from(right[index]?.[part] ?? ""),
      );
      if (order !== 0) return order;
    }
  }
  return Math.sign(left.length - right.length);
}

// few different characters, so that labels often begin alike; the two that the key has to escape among them
const text = fc.string({
  unit: fc.constantFrom("a", "b", "\u0000", "\u0001", "\u0002", "é", "漢", "😀"),
  maxLength: 4,
});
const labels = fc.array(fc.tuple(text, text), { maxLength: 3 });

test("keys are ordered as Prometheus orders labels", () => {
  fc.assert(
    fc.property(labels, labels, (left, right) => {
      const [leftKey, rightKey] = [keyOf(left), keyOf(right)];
      const order = leftKey < rightKey ? -1 : leftKey > rightKey ? 1 : 0;
      expect(order).toBe(compare(left, right));
    }),
    { numRuns: 5_000 },
  );
});

test("a label is found in a key as a whole, name and value", () => {
  const key = keyOf([
    ["__name__", "up"],
    ["job", "node"],
  ]);
  expect(keyHasLabel(key, labelInKey("job", "node"))).toBe(true);
  expect(keyHasLabel(key, labelInKey("__name__", "up"))).toBe(true);
  expect(keyHasLabel(key, labelInKey("job", "nod"))).toBe(false);
  expect(keyHasLabel(key, labelInKey("b", "node"))).toBe(false);
});

test("a key can be read by people", () => {
  expect(describeKey(keyOf([["a\u0001\u0000", "é"]]))).toBe('{a\u0001\u0000="é"}');
});

test("labels of any length fit", () => {
  const long = "x".repeat(5_000);
  expect(keyOf([[long, long]])).toBe(`${long}\0${long}\0`);
});
