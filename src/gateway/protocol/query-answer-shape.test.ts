import { expect, test } from "vitest";
import { checkErrorAnswer, checkQueryAnswer } from "./query-answer-shape.ts";

const matrix = (element: string) =>
  `{"status":"success","data":{"resultType":"matrix","result":[${element}]}}`;
const vector = (element: string) =>
  `{"status":"success","data":{"resultType":"vector","result":[${element}]}}`;

test.each([
  [matrix(""), "range"],
  [matrix('{"metric":{"a":"b"},"values":[[1.5,"1"],[2,"NaN"],[3,"+Inf"],[4,"-1.5e-07"]]}'), "range"],
  [matrix('{"metric":{},"histograms":[[1,{"count":"1"}]]}'), "range"],
  [matrix('{"metric":{},"values":[[1,"1"]]}'), "instant"],
  [vector('{"metric":{},"value":[1,"0"]}'), "instant"],
  [vector('{"metric":{"x":"\\"data\\":{ \\"data\\":{"},"value":[1,"0"]}'), "instant"],
  ['{"status":"success","data":{"resultType":"scalar","result":[1,"1"]},"warnings":["w"]}', "instant"],
  ['{"status":"success","data":{"resultType":"string","result":[1,"many"]}}', "instant"],
] as const)("what Prometheus answers is right: %.80s", (text, kind) => {
  expect(() => checkQueryAnswer(text, kind)).not.toThrow();
});

test.each([
  "",
  "null",
  "<html>",
  "[]",
  '{"status":"error","error":"no"}',
  '{"status":"success"}',
  '{"status":"success","data":{"resultType":"vector","result":[]}}',
  '{"status":"success","data":{"resultType":"matrix","result":{}}}',
  `${matrix("")}{}`,
  '{"status":"success","data":{"resultType":"matrix","result":[]},"data":{"resultType":"matrix","result":[]}}',
  matrix("null"),
  matrix('{"values":[[1,"1"]]}'),
  matrix('{"metric":{}}'),
  matrix('{"metric":["m"],"values":[[1,"1"]]}'),
  matrix('{"metric":{"a":1},"values":[[1,"1"]]}'),
  matrix('{"metric":{},"values":[[1e999,"1"]]}'),
  matrix('{"metric":{},"values":[["1","1"]]}'),
  matrix('{"metric":{},"values":[[1,1]]}'),
  matrix('{"metric":{},"values":[[1,"many"]]}'),
  matrix('{"metric":{},"values":[[1,"1","1"]]}'),
  matrix('{"metric":{},"values":[null]}'),
  matrix('{"metric":{},"histograms":[[1,"1"]]}'),
  matrix('{"metric":{"a":"\u0001"},"values":[[1,"1"]]}'),
])("anything else is none: %.80s", (text) => {
  expect(() => checkQueryAnswer(text, "range")).toThrow(SyntaxError);
});

test("errors", () => {
  expect(() => checkErrorAnswer('{"status":"error","errorType":"bad_data","error":"no"}')).not.toThrow();
  for (const text of ["<h1>404</h1>", '{"status":"success"}', "[]", "null"])
    expect(() => checkErrorAnswer(text)).toThrow(SyntaxError);
});
