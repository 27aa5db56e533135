import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Grouping } from "../../promql/expression.ts";
import { elementOf, histogram, labelText, oneOf, read, rowOf } from "./example-elements.ts";
import { firstOfAll } from "./first-of-all.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement } from "./result-elements.ts";

const all: Grouping = { mode: "by", labels: [] };

/** Elements that are named as they are. */
const shard = (values: Record<string, string>): ResultElement[] =>
  Object.entries(values).map(([name, value]) => oneOf({ name }, value));

function first(
  k: number,
  fromTop: boolean,
  parts: readonly ResultElement[][],
  grouping: Grouping = all,
): string[] {
  return firstOfAll(parts, { k, fromTop, grouping }, "vector").map(
    (one) => (read(one) as { metric: { name: string } }).metric.name,
  );
}

test("the first of all, in order", () => {
  const parts = [shard({ a: "5", b: "-Inf", c: "3" }), shard({ d: "4", e: "+Inf" }), []];
  expect(first(2, true, parts)).toEqual(["e", "a"]);
  expect(first(3, false, parts)).toEqual(["b", "c", "d"]);
  expect(first(9, true, parts)).toEqual(["e", "a", "d", "c", "b"]);
  expect(first(5, false, parts)).toEqual(["b", "c", "d", "a", "e"]);
});

test("what is not a number comes last on either side", () => {
  const parts = [shard({ a: "NaN", b: "1" }), shard({ c: "2" })];
  expect(first(2, true, parts)).toEqual(["c", "b"]);
  expect(first(2, false, parts)).toEqual(["b", "c"]);
  expect(first(3, true, parts)).toEqual(["c", "b", "a"]);
  expect(first(3, false, parts)).toEqual(["b", "c", "a"]);
});

test.each([
  ["of two shards", [shard({ a: "2" }), shard({ b: "2" })]],
  ["of one", [shard({ a: "2", b: "2" })]],
  ["that are not numbers", [shard({ a: "NaN" }), shard({ b: "NaN" })]],
  ["that differ in their sign", [shard({ a: "0" }), shard({ b: "-0" })]],
  ["without an end", [shard({ a: "+Inf" }), shard({ b: "+Inf" })]],
])("which of two equal ones is the last is not certain: %s", (_, parts) => {
  for (const fromTop of [true, false]) {
    expect(() => first(1, fromTop, parts)).toThrow(NotDistributed);
    expect(first(2, fromTop, parts).toSorted()).toEqual(["a", "b"]);
  }
});

test("equal ones among the first are both there", () => {
  expect(first(2, true, [shard({ a: "2", c: "1" }), shard({ b: "2" })])).toEqual(["a", "b"]);
  expect(first(2, false, [shard({ a: "2", c: "3" }), shard({ b: "2" })])).toEqual(["a", "b"]);
});

const grouped = [
  [
    oneOf({ __name__: "m", a: "1", name: "p" }, "1"),
    oneOf({ __name__: "n", a: "1", b: "x", name: "q" }, "2"),
  ],
  [oneOf({ __name__: "m", a: "2", name: "r" }, "3"), oneOf({ __name__: "n", name: "s" }, "4")],
  [oneOf({ __name__: "m", a: "1", name: "t" }, "5"), oneOf({ __name__: "m", b: "x", name: "u" }, "6")],
];

test.each<[Grouping, string[]]>([
  [all, ["u"]],
  [{ mode: "by", labels: ["a"] }, ["r", "t", "u"]],
  [{ mode: "by", labels: ["b", "a"] }, ["q", "r", "s", "t", "u"]],
  [{ mode: "by", labels: ["__name__"] }, ["s", "u"]],
  [{ mode: "by", labels: ["nothing"] }, ["u"]],
  [{ mode: "without", labels: ["name"] }, ["q", "r", "s", "t", "u"]],
  [{ mode: "without", labels: ["name", "b"] }, ["r", "t", "u"]],
  [{ mode: "without", labels: ["name", "__name__", "b"] }, ["r", "t", "u"]],
  [{ mode: "without", labels: [] }, ["p", "q", "r", "s", "t", "u"]],
])("groups %j", (grouping, names) => {
  expect(first(1, true, grouped, grouping).toSorted()).toEqual(names);
});

test("labels of groups are read as they are meant", () => {
  const parts = [
    [
      oneOf({ ü: '"},"ü":"', name: "a" }, "1"),
      oneOf({ ü: "\u0001", name: "b" }, "1"),
      oneOf({ "1": "2", name: "c" }, "1"),
    ],
    [
      oneOf({ ü: '"},"ü":"', name: "d" }, "2"),
      oneOf({ ü: "\u0001", name: "e" }, "0"),
      oneOf({ "1": "2", name: "f" }, "3"),
    ],
  ];
  expect(first(1, true, parts, { mode: "by", labels: ["ü", "1"] }).toSorted()).toEqual(["b", "d", "f"]);
  expect(first(1, true, parts, { mode: "without", labels: ["name"] }).toSorted()).toEqual(["b", "d", "f"]);
});

test("a matrix has the first of each step, in the order of labels", () => {
  const parts = [
    [rowOf({ a: "2" }, [1, "1"], [2, "5"], [3.05, "1e-10"]), rowOf({ a: "3" }, [2, "4"])],
    [rowOf({ a: "1" }, [1, "2"], [3.05, "NaN"]), rowOf({ a: "4" }, [1, "0"], [2, "0"], [3.05, "-1"])],
  ];
  const rows = (k: number) => firstOfAll(parts, { k, fromTop: true, grouping: all }, "matrix").map(read);
  expect(rows(1)).toEqual([
    { metric: { a: "1" }, values: [[1, "2"]] },
    {
      metric: { a: "2" },
      values: [
        [2, "5"],
        [3.05, "1e-10"],
      ],
    },
  ]);
  expect(rows(2)).toEqual([
    { metric: { a: "1" }, values: [[1, "2"]] },
    {
      metric: { a: "2" },
      values: [
        [1, "1"],
        [2, "5"],
        [3.05, "1e-10"],
      ],
    },
    { metric: { a: "3" }, values: [[2, "4"]] },
    { metric: { a: "4" }, values: [[3.05, "-1"]] },
  ]);
});

test("a tie at one step is one", () => {
  const parts = [[rowOf({ a: "1" }, [1, "1"], [2, "5"])], [rowOf({ a: "2" }, [1, "2"], [2, "5"])]];
  expect(() => firstOfAll(parts, { k: 1, fromTop: true, grouping: all }, "matrix")).toThrow(NotDistributed);
});

test("a series of two shards is none of either", () => {
  expect(() => first(9, true, [shard({ a: "1" }), shard({ a: "1" })])).toThrow(NotDistributed);
});

test("native histograms are for others", () => {
  const native = elementOf({ name: "h" }, { histogram: [1, histogram] });
  expect(() => first(1, true, [shard({ a: "1" }), [native]])).toThrow(NotDistributed);
});

/** Undefined where it is not certain. */
function firstOrNone(k: number, fromTop: boolean, parts: readonly ResultElement[][]): string[] | undefined {
  try {
    return first(k, fromTop, parts).toSorted();
  } catch (error) {
    if (error instanceof NotDistributed) return undefined;
    throw error;
  }
}

/** Few values, so that there are ties. */
const value = fc.constantFrom("NaN", "+Inf", "-Inf", "-1", "0", "1", "2", "3", "4", "5");

test("of each shard the first and one more are enough", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(value, fc.nat(2)), { maxLength: 12 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      (series, k, fromTop) => {
        const rank = (text: string): number =>
          text === "NaN" ? Number.MAX_VALUE : Number(text.replace("Inf", "1e9")) * (fromTop ? -1 : 1);
        const ranked = series
          .map(([text, of], index) => ({ name: String(index), text, of }))
          .toSorted((left, right) => rank(left.text) - rank(right.text));
        const parts = [0, 1, 2].map((one) =>
          ranked
            .filter(({ of }) => of === one)
            .slice(0, k + 1)
            .map(({ name, text }) => oneOf({ name }, text)),
        );
        const [last, next] = [ranked[k - 1], ranked[k]];
        const isTie = last && next && rank(last.text) === rank(next.text);
        const wanted = ranked.slice(0, k).map(({ name }) => name);
        expect(firstOrNone(k, fromTop, parts)).toEqual(isTie ? undefined : wanted.toSorted());
      },
    ),
    { numRuns: 1000 },
  );
});

test("elements keep their labels as they were written", () => {
  const labels = { ü: '},"' };
  expect(firstOfAll([[oneOf(labels, "1")]], { k: 1, fromTop: true, grouping: all }, "vector")).toEqual([
    { metric: labelText(labels), text: oneOf(labels, "1").text },
  ]);
});
