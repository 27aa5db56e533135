import { expect, test } from "vitest";
import type { LabelSet } from "../combine/label-set.ts";
import { averagesOf } from "./averages.ts";
import { type Point, elementOf, histogram, oneOf, read, rowOf } from "./example-elements.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement } from "./result-elements.ts";

const role = "__promfleet_part__";

/** What a shard says of a group at one time. */
const group = (labels: LabelSet, sum: string, count: string): ResultElement[] => [
  oneOf({ ...labels, [role]: "count" }, count),
  oneOf({ ...labels, [role]: "sum" }, sum),
];
const groupRows = (labels: LabelSet, sums: readonly Point[], counts: readonly Point[]): ResultElement[] => [
  rowOf({ ...labels, [role]: "count" }, ...counts),
  rowOf({ ...labels, [role]: "sum" }, ...sums),
];

test("an average is of all that there is", () => {
  const got = averagesOf([group({}, "6", "2"), group({}, "3", "4"), group({}, "0.5", "1")], "vector");
  expect(got.map(read)).toEqual([{ metric: {}, value: [1, String(9.5 / 7)] }]);
  expect(got[0]?.metric).toBe("{}");
});

test.each<[string, LabelSet]>([
  ["none", {}],
  ["before it", { A: 'b"},', B: "c" }],
  ["after it", { a: "b", ü: "}" }],
  ["on both sides", { A: "b", a: '"sum"' }],
  ["alike", { a: `"${role}":"sum"`, b: role, c: `,"${role}":"count",` }],
])("its labels are the group's own: %s", (_, labels) => {
  const [got, ...others] = averagesOf([group(labels, "6", "2"), group(labels, "2", "2")], "vector");
  expect(others).toEqual([]);
  expect(got).toEqual(oneOf(labels, "2"));
});

test("groups that one shard has alone", () => {
  const parts = [
    [...group({ a: "1" }, "1", "1"), ...group({ a: "3" }, "6", "2")],
    [...group({ a: "2" }, "4", "2"), ...group({ a: "3" }, "2", "2")],
  ];
  const got = new Map(averagesOf(parts, "vector").map((one) => [one.metric, read(one)]));
  expect([...got.values()]).toHaveLength(3);
  expect(got.get('{"a":"1"}')).toMatchObject({ value: [1, "1"] });
  expect(got.get('{"a":"2"}')).toMatchObject({ value: [1, "2"] });
  expect(got.get('{"a":"3"}')).toMatchObject({ value: [1, "2"] });
});

test("each step is of those that have it", () => {
  const parts = [
    groupRows(
      {},
      [
        [1, "1"],
        [3.05, "4"],
      ],
      [
        [1, "1"],
        [3.05, "2"],
      ],
    ),
    groupRows(
      {},
      [
        [2, "9"],
        [3.05, "2"],
      ],
      [
        [2, "3"],
        [3.05, "1"],
      ],
    ),
  ];
  expect(averagesOf(parts, "matrix").map(read)).toEqual([
    {
      metric: {},
      values: [
        [1, "1"],
        [2, "3"],
        [3.05, "2"],
      ],
    },
  ]);
});

test("what is not a number has no average", () => {
  const got = averagesOf([group({}, "NaN", "2"), group({}, "2", "1")], "vector");
  expect(got.map(read)).toEqual([{ metric: {}, value: [1, "NaN"] }]);
});

test("where a sum has no end, Prometheus adds up otherwise", () => {
  for (const sum of ["+Inf", "-Inf", "1.7e+308"])
    expect(() => averagesOf([group({}, sum, "2"), group({}, sum, "1")], "vector")).toThrow(NotDistributed);
});

test("native histograms are for others", () => {
  const native = elementOf({ [role]: "sum" }, { histogram: [1, histogram] });
  expect(() => averagesOf([[oneOf({ [role]: "count" }, "1"), native]], "vector")).toThrow(NotDistributed);
});

test("what was not asked for is no answer", () => {
  expect(() => averagesOf([[oneOf({ a: "b" }, "1")]], "vector")).toThrow(SyntaxError);
  expect(() => averagesOf([[oneOf({ [role]: "avg" }, "1")]], "vector")).toThrow(SyntaxError);
});
