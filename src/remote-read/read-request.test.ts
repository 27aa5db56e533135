import * as fc from "fast-check";
import { expect, test } from "vitest";
import { MalformedData } from "./malformed-data.ts";
import { type ReadRequest, decodeReadRequest, encodeReadRequest } from "./read-request.ts";

const text = fc.string({ unit: "grapheme" });
const request: fc.Arbitrary<ReadRequest> = fc.record({
  queries: fc.array(
    fc.record({
      start: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      end: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      matchers: fc.array(fc.record({ op: fc.constantFrom("=", "!=", "=~", "!~"), name: text, value: text })),
      hints: fc.option(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        { nil: undefined },
      ),
    }),
    { maxLength: 3 },
  ),
  acceptedResponseTypes: fc.array(fc.constantFrom(0, 1), { maxLength: 2 }),
});

function errorOf(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

test("a request is read as it was written", () => {
  fc.assert(
    fc.property(request, (written) => {
      expect(decodeReadRequest(encodeReadRequest(written))).toEqual(written);
    }),
  );
});

test("bytes that are no request are refused, never worse", () => {
  fc.assert(
    fc.property(request, fc.nat(), fc.nat(255), (written, at, byte) => {
      const bytes = encodeReadRequest(written);
      if (bytes.length > 0) bytes[at % bytes.length] = byte;
      expect(errorOf(() => decodeReadRequest(bytes)) ?? new MalformedData()).toBeInstanceOf(MalformedData);
    }),
    { numRuns: 2_000 },
  );
});
