import { expect, test } from "vitest";
import { elementOf, histogram, oneOf, read, rowOf } from "./example-elements.ts";
import { NotDistributed } from "./not-distributed.ts";
import { sumOf, uniting } from "./unite-elements.ts";

const labels = { job: "ü" };

// values of the shards, and what they make
test.each([
  ["least", ["3", "-1", "2"], "-1"],
  ["least", ["+Inf", "-Inf"], "-Inf"],
  ["least", ["NaN", "2"], "2"],
  ["least", ["2", "NaN", "3"], "2"],
  ["least", ["NaN", "+Inf"], "+Inf"],
  ["least", ["NaN", "NaN"], "NaN"],
  ["greatest", ["3", "-1", "4", "2"], "4"],
  ["greatest", ["+Inf", "-Inf"], "+Inf"],
  ["greatest", ["NaN", "-2"], "-2"],
  ["greatest", ["-2", "NaN", "-3"], "-2"],
  ["greatest", ["-Inf", "NaN"], "-Inf"],
  ["greatest", ["NaN", "NaN"], "NaN"],
  ["add", ["1", "2", "3"], "6"],
  ["add", ["0.1", "0.2", "0.3"], "0.6"],
  ["add", ["1e100", "1", "-1e100"], "1"],
  ["add", ["1", "1e100", "1", "-1e100"], "2"],
  ["add", ["9007199254740991", "-1"], "9007199254740990"],
  ["add", ["+Inf", "1"], "+Inf"],
  ["add", ["1", "-Inf", "1"], "-Inf"],
  ["add", ["+Inf", "-Inf"], "NaN"],
  ["add", ["NaN", "1"], "NaN"],
  ["add", ["-0", "-0"], "0"],
  ["one", ["1", "1"], "1"],
] as const)("%s of %j is %s", (kind, values, result) => {
  const unite = uniting(kind, "vector");
  const united = unite(values.map((value) => oneOf(labels, value)));
  expect(united.metric).toBe(oneOf(labels, "").metric);
  expect(read(united)).toEqual({ metric: labels, value: [1, result] });
});

test("each step is of those that have it", () => {
  const rows = [
    rowOf(labels, [1, "1"], [3, "3"], [4.5, "1e+21"]),
    rowOf(labels, [2, "5"], [3, "-7"], [6, "+Inf"]),
    rowOf(labels, [3, "NaN"], [4.5, "2"]),
  ];
  const points = (kind: "add" | "least" | "greatest" | "one") =>
    (read(uniting(kind, "matrix")(rows)) as { values: unknown }).values;
  expect(points("least")).toEqual([
    [1, "1"],
    [2, "5"],
    [3, "-7"],
    [4.5, "2"],
    [6, "+Inf"],
  ]);
  expect(points("greatest")).toEqual([
    [1, "1"],
    [2, "5"],
    [3, "3"],
    [4.5, "1e+21"],
    [6, "+Inf"],
  ]);
  expect(points("add")).toEqual([
    [1, "1"],
    [2, "5"],
    [3, "NaN"],
    [4.5, "1e+21"],
    [6, "+Inf"],
  ]);
});

test("steps of a group are one", () => {
  const united = uniting(
    "one",
    "matrix",
  )([rowOf(labels, [1, "1"], [2, "1"]), rowOf(labels, [2, "1"], [3, "1"])]);
  expect(read(united)).toMatchObject({
    values: [
      [1, "1"],
      [2, "1"],
      [3, "1"],
    ],
  });
});

test("equal labels of what stands side by side are not put together", () => {
  expect(() => uniting("concat", "vector")([oneOf(labels, "1"), oneOf(labels, "1")])).toThrow(NotDistributed);
});

test.each(["add", "least", "greatest", "one"] as const)("%s of native histograms is for others", (kind) => {
  const native = elementOf(labels, { histogram: [1, histogram] });
  expect(() => uniting(kind, "vector")([oneOf(labels, "1"), native])).toThrow(NotDistributed);
  expect(() => uniting(kind, "vector")([native, native])).toThrow(NotDistributed);
});

test("what rounding loses comes back", () => {
  const values = Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? 0.1 : 1e15));
  expect(sumOf([...values, ...values.filter((value) => value > 1).map((value) => -value)])).toBeCloseTo(
    50,
    9,
  );
  expect(sumOf([])).toBe(0);
});
