import { expect, test } from "vitest";
import { LastBytes, isEnding } from "./answer-ending.ts";

const vector =
  '{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"]}}"},"value":[1,"2"]}';

test.each([
  `${vector}]}}`,
  `${vector}]}}\n`,
  `${vector}]},"warnings":["a","b \\"]}"]}`,
  `${vector}]},"infos":["${"x".repeat(5000)}"]}`,
  `${vector}]},"warnings":["a"],"infos":["b"]}`,
  `${vector}],"stats":{"timings":{"evalTotalTime":1}}}}`,
])("a whole answer: …%#", (text) => {
  expect(isEnding(Buffer.from(text))).toBe(true);
});

test.each([
  vector,
  `${vector}]`,
  `${vector}]}`,
  `${vector}]},"warnings":["a"]`,
  `${vector}]}}{"status":"success"}`,
  '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"]]}',
  "",
])("one that is cut: …%#", (text) => {
  expect(isEnding(Buffer.from(text))).toBe(false);
});

test("of all that has come the last bytes are kept", () => {
  const last = new LastBytes();
  for (let each = 0; each < 1000; each++) last.add(Buffer.alloc(1000, "x"));
  last.add(Buffer.from("]}}"));
  expect(last.bytes.length).toBeLessThan(67_000);
  expect(last.bytes.subarray(-3).toString()).toBe("]}}");
});
