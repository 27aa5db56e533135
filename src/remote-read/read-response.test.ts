import { expect, test } from "vitest";
import { SeriesDecoder } from "./encoded-series.ts";
import { encodeChunk, encodeLabels } from "./example-series.ts";
import { describeKey } from "./label-key.ts";
import { decodeReadResponse, encodeReadResponse } from "./read-response.ts";
import { compressBlock, uncompressBlock, uncompressedBytes } from "./snappy-block.ts";

const series = (name: string) => {
  const labels = encodeLabels({ __name__: name });
  return {
    key: "",
    sentLabels: labels,
    labels,
    content: [encodeChunk("one"), encodeChunk("two")],
    frame: undefined,
  };
};

test("series are read as they were written, their samples as bytes", () => {
  const read = decodeReadResponse(
    encodeReadResponse([[series("a"), series("b")]]),
    new SeriesDecoder(undefined),
  );
  expect(read.map(({ key }) => describeKey(key))).toEqual(['{__name__="a"}', '{__name__="b"}']);
  expect(read[1]?.content).toEqual([Buffer.concat([encodeChunk("one"), encodeChunk("two")])]);
});

test("an answer with other than one result is refused", () => {
  expect(() => decodeReadResponse(encodeReadResponse([]), new SeriesDecoder(undefined))).toThrow("0 results");
  expect(() => decodeReadResponse(encodeReadResponse([[], []]), new SeriesDecoder(undefined))).toThrow(
    "2 results",
  );
  expect(decodeReadResponse(encodeReadResponse([[]]), new SeriesDecoder(undefined))).toEqual([]);
});

test("a block says how long its content is, and is refused when it is broken", async () => {
  const content = Buffer.alloc(100_000, "abc");
  const block = compressBlock(content);
  expect(uncompressedBytes(block)).toBe(content.length);
  expect(uncompressBlock(block)).toEqual(content);
  expect(() => uncompressBlock(block.subarray(0, 100))).toThrow("snappy");
  expect(() => uncompressBlock(Buffer.alloc(0))).toThrow("snappy");
});
