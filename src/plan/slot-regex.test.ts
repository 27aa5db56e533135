import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { slotCount } from "./fleet-plan.ts";
import { slotRegex, slotsOfRegex } from "./slot-regex.ts";
import { slotRanges } from "./slots.ts";

describe("slotRegex", () => {
  it("is short", () => {
    expect(slotRegex([[0, 511]])).toBe("[0-9]|[1-9][0-9]|[1-4][0-9]{2}|50[0-9]|51[01]");
    expect(slotRegex([[512, 1023]])).toBe("51[2-9]|5[2-9][0-9]|[6-9][0-9]{2}|10[01][0-9]|102[0-3]");
    expect(slotRegex([[7, 7]])).toBe("7");
  });

  it("matches nothing where there is nothing to own", () => {
    expect(slotsOfRegex(slotRegex([]))).toEqual([]);
  });

  it("matches exactly the slots of any one range", () => {
    const slot = fc.integer({ min: 0, max: slotCount - 1 });
    fc.assert(
      fc.property(slot, slot, (a, b) => {
        const range: [number, number] = [Math.min(a, b), Math.max(a, b)];
        expect(slotsOfRegex(slotRegex([range]))).toEqual([range]);
      }),
      { numRuns: 500 },
    );
  });

  it("matches exactly the slots of any set", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: slotCount, maxLength: slotCount }), (owned) => {
        const ranges = slotRanges(
          owned.map((mine) => (mine ? "0" : "1")),
          "0",
        );
        const regex = slotRegex(ranges);
        expect(slotsOfRegex(regex)).toEqual(ranges);
        const anchored = new RegExp(`^(?:${regex})$`);
        for (const other of ["", "-1", "1024", "01", "00", "1e1", " 1", "5120"])
          expect(anchored.test(other)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });
});
