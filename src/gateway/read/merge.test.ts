import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mergeSeries } from "./merge.ts";
import type { SeriesBatch } from "./shard-series.ts";
import type { EncodedSeries } from "../../remote-read/encoded-series.ts";

/** A series that only has a key; its content says which shard it is of. */
function series(key: string, shard: number): EncodedSeries {
  const none = Buffer.alloc(0);
  return { key, sentLabels: none, labels: none, content: [Buffer.from(String(shard))], frame: undefined };
}

async function* shardOf(batches: readonly (readonly string[])[], shard: number): AsyncGenerator<SeriesBatch> {
  for (const batch of batches) {
    if (batch.length > 0) yield batch.map((key) => series(key, shard));
  }
}

const source = (batches: readonly (readonly string[])[], shard: number) => ({
  shard: String(shard),
  series: shardOf(batches, shard),
});

/** Sorted keys without repetitions, in batches. */
const shard = fc
  .tuple(
    fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 3 })),
    fc.integer({ min: 1, max: 4 }),
  )
  .map(([keys, size]) => {
    const sorted = keys.toSorted();
    return Array.from({ length: Math.ceil(sorted.length / size) }, (_, at) =>
      sorted.slice(at * size, (at + 1) * size),
    );
  });

test("all series come in order, once, and equal ones from the first shard that has them", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(shard, { maxLength: 6 }), async (shards) => {
      const owners = new Map<string, number>();
      let duplicates = 0;
      for (const [index, batches] of shards.entries()) {
        for (const key of batches.flat()) {
          if (owners.has(key)) duplicates++;
          else owners.set(key, index);
        }
      }
      const merged: [string, number][] = [];
      let left = 0;
      for await (const batch of mergeSeries(shards.map(source), () => left++)) {
        for (const { key, content } of batch) merged.push([key, Number(content.join(""))]);
      }
      expect(merged).toEqual([...owners].toSorted(([one], [other]) => (one < other ? -1 : 1)));
      expect(left).toBe(duplicates);
    }),
    { numRuns: 500 },
  );
});

async function* broken(): AsyncGenerator<SeriesBatch> {
  yield [series("b", 1)];
  throw new Error("cut");
}

async function mergeWithBroken(): Promise<void> {
  for await (const batch of mergeSeries(
    [source([["a"], ["c"]], 0), { shard: "1", series: broken() }],
    () => {},
  )) {
    expect(batch.length).toBeGreaterThan(0);
  }
}

test("the failure of one shard fails the whole", async () => {
  await expect(mergeWithBroken()).rejects.toThrow("cut");
});

test("parts of a shard's series are put together in their order, those of another shard are not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(shard, { minLength: 2, maxLength: 4 }), shard, async (parts, other) => {
      const sources = [
        ...parts.map((batches, part) => ({ shard: "0", series: shardOf(batches, part) })),
        { shard: "1", series: shardOf(other, 9) },
      ];
      const expected = new Map<string, string>();
      for (const [part, batches] of parts.entries())
        for (const key of batches.flat()) expected.set(key, `${expected.get(key) ?? ""}${part}`);
      for (const key of other.flat()) if (!expected.has(key)) expected.set(key, "9");
      const merged: [string, string][] = [];
      for await (const batch of mergeSeries(sources, () => {}))
        for (const { key, content } of batch) merged.push([key, content.join("")]);
      expect(merged).toEqual([...expected].toSorted(([one], [two]) => (one < two ? -1 : 1)));
    }),
    { numRuns: 500 },
  );
});
