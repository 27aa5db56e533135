import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { dataElements } from "./data-elements.ts";
import { elementListAnswer } from "./element-list-answer.ts";

const elements = [
  { plain: "value" },
  { awkward: 'a "quoted" },{ \\ }]', "}": "]", 'a"b': "\\" },
  { nested: { list: [1, [2, "]"], {}], none: [] } },
  {},
  { ümläut: "😀" },
];

function answer(members: object, status = "success"): Buffer {
  return Buffer.from(JSON.stringify({ status, ...members }));
}

test("the elements of a list are found, and what comes after it", () => {
  const warnings = ["ü ]"];
  const { data, annotations } = dataElements(answer({ data: elements, warnings }));
  expect(data.map((one) => JSON.parse(Buffer.from(one, "latin1").toString()) as unknown)).toEqual(elements);
  expect(annotations).toEqual({ warnings, infos: [] });
  expect(dataElements(answer({ data: [] }))).toEqual({ data: [], annotations: { warnings: [], infos: [] } });
});

test("they are put together again to the same bytes", async () => {
  for (const members of [
    { data: elements, warnings: ["ü"], infos: ["i"] },
    { data: elements },
    { data: [] },
  ]) {
    const { data, annotations } = dataElements(answer(members));
    const { body } = elementListAnswer(data, annotations);
    if (body instanceof Uint8Array) throw new Error("not a stream");
    expect((await buffer(body)).toString()).toBe(answer(members).toString());
  }
});

test("what is cut short anywhere, or is no such answer, is not taken", () => {
  const whole = answer({ data: elements, warnings: ["w"] });
  for (let length = 0; length < whole.length; length++)
    expect(() => dataElements(whole.subarray(0, length)), `${length} bytes`).toThrow(Error);
  for (const other of [answer({ data: {} }), answer({ data: [] }, "error"), Buffer.concat([whole, whole])])
    expect(() => dataElements(other)).toThrow(Error);
});
