import { describe, expect, it } from "vitest";
import { slotCount } from "./fleet-plan.ts";
import { evenOwners, hashmod, slotOf, slotRanges } from "./slots.ts";

describe("hashmod", () => {
  // vectors of Prometheus' own relabelling tests
  it("hashes as Prometheus does", () => {
    expect(hashmod("baz", 1000)).toBe(976);
    expect(hashmod("foo\nbar", 1000)).toBe(734);
  });

  it("joins several labels by a semicolon", () => {
    expect(slotOf(["a", "b"])).toBe(hashmod("a;b", slotCount));
    expect(slotOf(["", ""])).toBe(hashmod(";", slotCount));
  });
});

describe("evenOwners", () => {
  it.each([1, 2, 3, 5, 7, 64])("gives each of %i shards one range, all as long as can be", (shards) => {
    const owners = evenOwners(shards);
    expect(owners).toHaveLength(slotCount);
    const lengths = Array.from({ length: shards }, (_, shard) => {
      const ranges = slotRanges(owners, String(shard));
      expect(ranges).toHaveLength(1);
      return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
    });
    expect(lengths.reduce((a, b) => a + b)).toBe(slotCount);
    expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
  });
});
