import { expect, test } from "vitest";
import type { ApiAnswer } from "../harness/http.ts";
import { compareAnswers } from "./compare.ts";

const vector = (...series: [string, string][]): ApiAnswer => ({
  status: "success",
  data: {
    resultType: "vector",
    result: series.map(([instance, value]) => ({ metric: { instance }, value: [1, value] })),
  },
});

test("the order of series does not matter", () => {
  const compared = compareAnswers(vector(["a", "1"], ["b", "2"]), vector(["b", "2"], ["a", "1"]));
  expect(compared).toMatchObject({ difference: undefined, bitEqual: true, notEmpty: true });
});

test("a relative 1e-5 is no difference, but not bit-equal", () => {
  const compared = compareAnswers(vector(["a", "1000000"]), vector(["a", "1000001"]));
  expect(compared).toMatchObject({ difference: undefined, bitEqual: false });
});

test.each([
  ["a value that is off", vector(["a", "1"]), vector(["a", "1.0001"])],
  ["a zero that is not", vector(["a", "0"]), vector(["a", "1e-300"])],
  ["NaN for a number", vector(["a", "1"]), vector(["a", "NaN"])],
  ["-Inf for +Inf", vector(["a", "+Inf"]), vector(["a", "-Inf"])],
  ["a missing series", vector(["a", "1"], ["b", "1"]), vector(["a", "1"])],
  ["a series too many", vector(["a", "1"]), vector(["a", "1"], ["b", "1"])],
  ["a series twice", vector(["a", "1"]), vector(["a", "1"], ["a", "1"])],
  ["an error", vector(["a", "1"]), { status: "error", errorType: "execution", error: "no" }],
  ["success where the reference fails", { status: "error", errorType: "bad_data" }, vector()],
  ["another error", { status: "error", errorType: "bad_data" }, { status: "error", errorType: "execution" }],
] satisfies [string, ApiAnswer, ApiAnswer][])("%s is a difference", (_, reference, answer) => {
  expect(compareAnswers(reference, answer).difference).toBeTypeOf("string");
});

test("an empty result is equal and told apart", () => {
  expect(compareAnswers(vector(), vector())).toMatchObject({
    difference: undefined,
    bitEqual: true,
    notEmpty: false,
  });
});

test("points are counted that are wrong, missing or too many, and how far off the worst is", () => {
  const want = vector(["a", "1"], ["b", "2"], ["c", "3"]);
  const got = vector(["a", "1"], ["b", "1"], ["d", "3"]);
  expect(compareAnswers(want, got)).toMatchObject({ points: 4, wrong: 3, worst: 1 });
  expect(compareAnswers(want, { status: "error" })).toMatchObject({ points: 3, wrong: 3 });
});

const histogram = (sum: string): ApiAnswer => ({
  status: "success",
  data: {
    resultType: "vector",
    result: [{ metric: {}, histogram: [1, { count: "3", sum, buckets: [[0, "1", "2", "3"]] }] }],
  },
});

test("a tolerance can be asked for, and holds within histograms too", () => {
  const close = [histogram("1"), histogram("1.0000000000000002")] as const;
  expect(compareAnswers(...close, 2 ** -52).difference).toBeUndefined();
  expect(compareAnswers(...close, 2 ** -53).difference).toMatch("histograms of");
  expect(compareAnswers(histogram("1"), histogram("2")).wrong).toBe(1);
});
