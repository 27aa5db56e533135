import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toSpans, writeProtobuf } from "./protobuf-format.ts";
import { ProtobufWriter } from "./protobuf-writer.ts";

function varint(value: number): string {
  const out = new ProtobufWriter();
  out.varint(value);
  return out.bytes().toString("hex");
}

test("integers of any size become varints, the negative ones in zigzag", () => {
  expect([1, 127, 128, 300, 2 ** 32, 2 ** 53 - 1].map(varint)).toEqual([
    "01",
    "7f",
    "8001",
    "ac02",
    "8080808010",
    "ffffffffffffff0f",
  ]);
  const signed = new ProtobufWriter();
  signed.packedSints(1, [0, -1, 1, -2, 2 ** 31, -(2 ** 40)]);
  const expected = ["0a0f", "00", "01", "02", "03", "8080808010", "ffffffffff3f"];
  expect(signed.bytes().toString("hex")).toBe(expected.join(""));
});

test("a family is framed by its length and leaves out what is zero", () => {
  const bytes = writeProtobuf([
    { kind: "gauge", name: "g", help: "", samples: [{ labels: { a: "b" }, value: 1 }] },
  ]);
  // length, name = "g", type = GAUGE, metric { label { "a", "b" }, gauge { 1.0 } }
  const expected = ["1a", "0a0167", "1801", "2213", "0a06", "0a0161", "120162", "1209", "09000000000000f03f"];
  expect(bytes.toString("hex")).toBe(expected.join(""));
});

test("a message longer than the first buffer is whole", () => {
  const long = "x".repeat(100_000);
  const bytes = writeProtobuf([{ kind: "gauge", name: long, help: long, samples: [] }]);
  expect(bytes.subarray(0, 3).toString("hex")).toBe("ca9a0c"); // 200,010 bytes
  expect(bytes.length).toBe(200_010 + 3);
});

test("buckets become spans of neighbours and differences of counts", () => {
  const buckets = new Map([
    [-3, 5],
    [-2, 2],
    [0, 0],
    [1, 4],
  ]);
  expect(toSpans(buckets)).toEqual({
    spans: [
      { offset: -3, length: 2 },
      { offset: 2, length: 1 },
    ],
    deltas: [5, -3, 2],
  });
});

test("spans and differences tell every bucket, whatever they are", () => {
  const bucket = fc.tuple(fc.integer({ min: -200, max: 200 }), fc.nat(1e9));
  fc.assert(
    fc.property(fc.array(bucket), (list) => {
      const buckets = new Map(list);
      const { spans, deltas } = toSpans(buckets);
      const told = new Map<number, number>();
      let index = 0;
      let count = 0;
      let at = 0;
      for (const { offset, length } of spans) {
        index += offset;
        for (let step = 0; step < length; step++) told.set(index++, (count += deltas[at++] ?? Number.NaN));
      }
      const full = [...buckets].filter(([, value]) => value !== 0).toSorted(([one], [other]) => one - other);
      expect([...told]).toEqual(full);
    }),
  );
});
