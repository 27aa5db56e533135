import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedData } from "./malformed-data.ts";
import { ProtoReader } from "./proto-reader.ts";
import { ProtoWriter } from "./proto-writer.ts";

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

test("what was written is read back", () => {
  fc.assert(
    fc.property(int64, fc.nat(), fc.string({ unit: "grapheme" }), (signed, unsigned, text) => {
      const reader = new ProtoReader(
        new ProtoWriter().int64(1, signed).uint(2, unsigned).string(3, text).finish(),
      );
      let read: [bigint, number, string] = [0n, 0, ""];
      while (reader.next()) {
        if (reader.field === 1) read = [reader.int64(), read[1], read[2]];
        else if (reader.field === 2) read = [read[0], reader.enumeration(), read[2]];
        else read = [read[0], read[1], reader.string()];
      }
      expect(read).toEqual([signed, unsigned, text]);
    }),
  );
});

test.each([
  ["a varint of eleven bytes", Buffer.from(`08${"ff".repeat(10)}01`, "hex")],
  ["a varint that is cut short", Buffer.from("0880", "hex")],
  ["a field that reaches beyond the message", Buffer.from("0a0500", "hex")],
  ["a length beyond all bounds", Buffer.from("0affffffffffffffff7f00", "hex")],
  ["a group", Buffer.from("0b0c", "hex")],
  ["a fixed number that is cut short", Buffer.from("0901020304", "hex")],
  ["the field number 0", Buffer.from("0000", "hex")],
])("%s is refused", (_, bytes) => {
  const readAll = () => {
    const reader = new ProtoReader(bytes);
    while (reader.next()) reader.skip();
  };
  expect(readAll).toThrow(MalformedData);
});

test("a field of another type than expected is refused", () => {
  const reader = new ProtoReader(new ProtoWriter().uint(1, 5).finish());
  reader.next();
  expect(() => reader.string()).toThrow("wire type 0 instead of 2");
});
