import { expect, test } from "vitest";
import type { ApiAnswer } from "../harness/http.ts";
import { AnswersOfOne } from "./answers-of-one.ts";

const vector = (...values: readonly (readonly [string, string])[]): ApiAnswer => ({
  status: "success",
  data: {
    resultType: "vector",
    result: values.map(([instance, value]) => ({ metric: { instance }, value: [1, value] })),
  },
});

function answersOf(...answers: readonly ApiAnswer[]): AnswersOfOne {
  const all = new AnswersOfOne();
  for (const answer of answers) all.add(answer);
  return all;
}

test("one answer leaves no other", () => {
  const one = answersOf(vector(["a", "1"]), vector(["a", "1"]));
  expect(one.isOne).toBe(true);
  expect(one.has(vector(["a", "1"]))).toBe(true);
  expect(one.mayBe(vector(["a", "1.1"]))).toBe(false);
  expect(one.mayBe(vector(["a", "1"], ["b", "1"]))).toBe(false);
  expect(one.mayBe(vector())).toBe(false);
});

test("between two answers lie others, though none of them was given", () => {
  const two = answersOf(vector(["a", "1"]), vector(["a", "2"]));
  expect(two.isOne).toBe(false);
  for (const value of ["1", "1.5", "2"]) {
    expect(two.mayBe(vector(["a", value]))).toBe(true);
    expect(two.has(vector(["a", value]))).toBe(true);
  }
  expect([two.mayBe(vector(["a", "2.1"])), two.has(vector(["a", "2.1"]))]).toEqual([true, false]);
  expect(two.mayBe(vector(["a", "9"]))).toBe(false);
});

test("the last bits are forgiven where an answer may be another's, and not where it has to be one", () => {
  const next = String(1 + 2 ** -52);
  const one = answersOf(vector(["a", "1"]));
  expect([one.mayBe(vector(["a", next])), one.has(vector(["a", next]))]).toEqual([true, false]);
});

test("which one of several is given may differ, not how many", () => {
  const two = answersOf(vector(["a", "1"]), vector(["b", "1"]));
  for (const answer of [vector(["a", "1"]), vector(["b", "1"])]) expect(two.has(answer)).toBe(true);
  for (const answer of [vector(), vector(["a", "1"], ["b", "1"]), vector(["c", "1"])])
    expect(two.mayBe(answer)).toBe(false);
});

test("what is there only at times may be missing", () => {
  const two = answersOf(vector(["a", "1"]), vector());
  for (const answer of [vector(), vector(["a", "1"])]) expect(two.has(answer)).toBe(true);
  expect(two.has(vector(["b", "1"]))).toBe(false);
});
