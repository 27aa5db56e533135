import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Annotations } from "../protocol/annotations.ts";
import { histogram } from "./example-elements.ts";
import { type ResultElement, type ResultType, resultElements } from "./result-elements.ts";

const metrics: readonly Record<string, string>[] = [
  { __name__: "up", instance: "a:9090" },
  {},
  { value: "a", values: "b", histogram: "c" },
  { a: 'say "}," \\', b: '},"value":[1,"2"]}', c: '},"values":[[1,"2"]]},', d: "},", e: "]]" },
  { 'a},"value': "{", "},": "}", "]]": "[[", "\\": "\\\\", '"': '\\"' },
  { ümläut: "😀 ～", 日本: "\u0001\n\t", "}": "ü},", 'ü"},"': "," },
  { a: '\\"},"value":[1,"2"]},{"metric":{' },
];
const floats = [1_700_000_000.05, "-1e-07"];
const native = [1_700_000_001, { ...histogram, sum: "NaN" }];

const vector = metrics.map((metric, at) => ({
  metric,
  ...(at % 3 === 1 ? { histogram: native } : { value: floats }),
}));
const matrix = metrics.map((metric, at) => ({
  metric,
  ...(at % 4 !== 3 && { values: at % 2 === 0 ? [floats] : [floats, [1_700_000_001, "+Inf"]] }),
  ...(at % 4 > 1 && { histograms: at % 2 === 0 ? [native] : [native, native] }),
}));
const warnings = ['PromQL warning: a "]}" in (1:2)', "ü"];
const infos = ["PromQL info: i"];

function answer(resultType: string, result: unknown, more: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ status: "success", data: { resultType, result }, ...more }));
}

interface Got {
  elements: ResultElement[];
  annotations: Annotations;
}

async function taken(pieces: readonly Buffer[], type: ResultType): Promise<Got> {
  const source = resultElements(
    (async function* () {
      yield* pieces;
    })(),
    type,
  );
  const elements: ResultElement[] = [];
  for (;;) {
    const next = await source.next();
    if (next.done) return { elements, annotations: next.value };
    expect(next.value.length).toBeGreaterThan(0);
    elements.push(...next.value);
  }
}

/** Cut before each of these places. */
function cutAt(whole: Buffer, places: readonly number[]): Buffer[] {
  const ends = [0, ...places.toSorted((left, right) => left - right), whole.length];
  return ends.slice(1).map((end, at) => whole.subarray(ends[at], end));
}

const examples: readonly [string, ResultType, readonly object[], object][] = [
  ["a vector", "vector", vector, {}],
  ["a vector with annotations", "vector", vector, { warnings, infos }],
  ["a vector of one", "vector", vector.slice(0, 1), { infos }],
  ["a vector of nothing", "vector", [], {}],
  ["a vector of nothing, with annotations", "vector", [], { warnings, infos }],
  ["a matrix", "matrix", matrix, {}],
  ["a matrix with annotations", "matrix", matrix, { warnings }],
  ["a matrix of histograms", "matrix", matrix.slice(3, 4), {}],
  ["a matrix of both", "matrix", matrix.slice(2, 3), {}],
  ["a matrix of nothing", "matrix", [], {}],
];

test.each(examples)(
  "%s has the elements that it has as JSON, wherever it is cut",
  async (_, type, result, more) => {
    const whole = answer(type, result, more);
    const same = ({ elements, annotations }: Got): void => {
      expect(elements.map(({ text }) => text.toString())).toEqual(result.map((one) => JSON.stringify(one)));
      expect(
        elements.map(({ metric }) => JSON.parse(Buffer.from(metric, "latin1").toString()) as unknown),
      ).toEqual(result.map((one) => (one as { metric: unknown }).metric));
      expect(annotations).toEqual({ warnings: [], infos: [], ...more });
    };
    same(await taken([whole], type));
    for (let place = 0; place <= whole.length; place++) same(await taken(cutAt(whole, [place]), type));
    same(
      await taken(
        [...whole].map((byte) => Buffer.from([byte])),
        type,
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length), { maxLength: 20 }), async (places) =>
        same(await taken(cutAt(whole, places), type)),
      ),
      { numRuns: 50 },
    );
  },
);

test.each(examples)("%s that ends too early is none", async (_, type, result, more) => {
  const whole = answer(type, result, more);
  for (let length = 0; length < whole.length; length++)
    await expect(taken([whole.subarray(0, length)], type), `${length} bytes`).rejects.toThrow(SyntaxError);
});

const one = { metric: {}, value: [1, "1"] };

test.each<[string, Buffer]>([
  ["nothing", Buffer.from("")],
  ["a page", Buffer.from("<html>")],
  ["an error", Buffer.from('{"status":"error","errorType":"execution","error":"x"}')],
  ["another type", answer("matrix", [])],
  ["a scalar", answer("scalar", [1, "1"])],
  ["no list", answer("vector", null)],
  ["a list of numbers", answer("vector", [1, 2, 3, 4, 5, 6, 7, 8, 9])],
  ["an element without labels", answer("vector", [{ value: [1, "1"] }])],
  ["an element without values", answer("vector", [{ metric: { a: "b" } }])],
  ["an element of something else", answer("vector", [{ metric: { a: "b" }, numbers: [1, "1"] }])],
  [
    "elements that are not set apart",
    Buffer.from(answer("vector", [one, one]).toString().replace("},{", "}{")),
  ],
  ["a comma too many", Buffer.from(answer("vector", [one]).toString().replace("]}]", "]},]"))],
  [
    "more beside the result",
    Buffer.from(
      answer("vector", [one]).toString().replace(/\}\}$/, '},"stats":{}}').replace("]}]}", ']}],"a":1}'),
    ),
  ],
  ["more after it", Buffer.concat([answer("vector", [one]), Buffer.from("}")])],
])("%s is refused", async (_, text) => {
  await expect(taken([text], "vector")).rejects.toThrow(SyntaxError);
});

test("warnings that are none are refused", async () => {
  await expect(taken([answer("vector", [], { warnings: 1 })], "vector")).rejects.toThrow(Error);
});

test("elements come before the answer is over", async () => {
  const whole = answer("vector", [one, one, one]);
  const source = resultElements(
    (async function* () {
      yield whole.subarray(0, -10);
      throw new Error("cut");
    })(),
    "vector",
  );
  expect((await source.next()).value).toHaveLength(2);
  await expect(source.next()).rejects.toThrow("cut");
});

test("an element of many pieces is one", async () => {
  const values = Array.from({ length: 20_000 }, (_, at) => [at, String(at)]);
  const rows = [
    { metric: { a: "1" }, values },
    { metric: { a: "2" }, values: [floats] },
  ];
  const whole = answer("matrix", rows);
  const places = Array.from({ length: Math.ceil(whole.length / 1000) }, (_, at) => at * 1000);
  const { elements } = await taken(cutAt(whole, places), "matrix");
  expect(elements.map(({ text }) => text.toString())).toEqual(rows.map((row) => JSON.stringify(row)));
});
