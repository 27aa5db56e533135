import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseValue, printElement, printTime, printValue, samplesOf } from "./element-samples.ts";
import { elementOf, histogram, labelText, oneOf, read, rowOf } from "./example-elements.ts";
import { NotDistributed } from "./not-distributed.ts";

// as 2.42 and 3.16 print them
test.each([
  [0, "0"],
  [-0, "-0"],
  [Infinity, "+Inf"],
  [-Infinity, "-Inf"],
  [Number.NaN, "NaN"],
  [0.1 + 0.2, "0.30000000000000004"],
  [123_456_789_012_345_680_000, "123456789012345680000"],
  [1e21, "1e+21"],
  [-1.5e22, "-1.5e+22"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
  [1e-6, "0.000001"],
  [0.000_001_23, "0.00000123"],
  [1e-10, "1e-10"],
  [5e-324, "5e-324"],
])("the value %d is printed as %s", (value, text) => {
  expect(printValue(value)).toBe(text);
  expect(parseValue(text)).toBe(value);
});

test.each(["inf", "+", "1,5", "nan", "Infinity1"])("%j is no value", (text) => {
  expect(() => parseValue(text)).toThrow(SyntaxError);
});

test.each([
  [0, "0"],
  [5, "0.005"],
  [1_700_000_000_000, "1700000000"],
  [1_700_000_000_050, "1700000000.050"],
  [1_700_000_000_500, "1700000000.500"],
  [1_700_000_000_123, "1700000000.123"],
  [-2000, "-2"],
])("the time of %i ms is printed as %s", (ms, text) => {
  expect(printTime(ms)).toBe(text);
});

test("what is printed is read as the same samples", () => {
  const sample = fc.tuple(fc.integer({ min: -1e13, max: 1e13 }), fc.double());
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 5 }), fc.string(), (samples, label) => {
      const metric = labelText({ label });
      const [times, values] = [samples.map(([time]) => time), samples.map(([, value]) => value)];
      const text = printElement(metric, { times, values }, "matrix");
      expect(samplesOf({ metric, text })).toEqual({ times, values });
      expect(read({ metric, text })).toMatchObject({ metric: { label } });
      const [first, ...more] = [times, values].map((list) => list.slice(0, 1));
      const one = printElement(metric, { times: first ?? [], values: more[0] ?? [] }, "vector");
      expect(samplesOf({ metric, text: one })).toEqual({ times: first, values: more[0] });
    }),
  );
});

test("elements are printed as Prometheus writes them", () => {
  const metric = labelText({ ü: "}" });
  expect(printElement(metric, { times: [1500], values: [2] }, "vector").toString()).toBe(
    '{"metric":{"ü":"}"},"value":[1.500,"2"]}',
  );
  expect(printElement(metric, { times: [0, 1000], values: [Infinity, -0] }, "matrix").toString()).toBe(
    '{"metric":{"ü":"}"},"values":[[0,"+Inf"],[1,"-0"]]}',
  );
});

test("samples are read", () => {
  expect(samplesOf(oneOf({ a: 'b"},' }, "-Inf"))).toEqual({ times: [1000], values: [-Infinity] });
  expect(samplesOf(rowOf({}, [1.05, "1"], [2, "NaN"]))).toEqual({
    times: [1050, 2000],
    values: [1, Number.NaN],
  });
});

test.each([
  [{ value: [1, "one"] }],
  [{ value: ["1", "1"] }],
  [{ value: 1 }],
  [{ values: 1 }],
  [{ values: [1] }],
  [{}],
])("what is none is refused: %j", (members) => {
  expect(() => samplesOf(elementOf({ a: "b" }, members))).toThrow(SyntaxError);
});

const point = [1, histogram];

test.each([
  [{ histogram: point }],
  [{ histograms: [point] }],
  [{ values: [[1, "1"]], histograms: [point] }],
  [{ value: [1, "1"], histogram: point }],
])("native histograms are none of ours: %j", (members) => {
  expect(() => samplesOf(elementOf({ a: "b" }, members))).toThrow(NotDistributed);
});
