import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Annotations } from "../protocol/annotations.ts";
import { type LabelSet, compareLabelSets } from "../combine/label-set.ts";
import { labelText } from "./example-elements.ts";
import { type ElementSource, type Unite, mergeSorted, mergeUnsorted } from "./merge-results.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement } from "./result-elements.ts";

type Batches = readonly (readonly LabelSet[])[];

async function* source(batches: Batches, shard: number): ElementSource {
  for (const batch of batches)
    yield batch.map((labels) => ({ metric: labelText(labels), text: Buffer.from(String(shard)) }));
  return { warnings: [`w${shard}`], infos: [] };
}

/** One that says whose elements it is made of. */
const joined: Unite = (elements) => {
  const [first] = elements;
  if (elements.length < 2 || !first) throw new Error("nothing is to be put together");
  return { metric: first.metric, text: Buffer.concat(elements.map(({ text }) => text)) };
};

async function merged(
  merge: typeof mergeSorted,
  shards: readonly Batches[],
  unite: Unite = joined,
): Promise<{ elements: [string, string][]; annotations: Annotations[] }> {
  const merging = merge(
    shards.map((batches, shard) => source(batches, shard)),
    unite,
  );
  const elements: ResultElement[] = [];
  for (;;) {
    const next = await merging.next();
    if (next.done)
      return {
        elements: elements.map(({ metric, text }) => [metric, text.toString()]),
        annotations: next.value,
      };
    elements.push(...next.value);
  }
}

const text = fc.string({ unit: fc.constantFrom("a", "b", '"', "}", ",", "ü", "\\"), maxLength: 2 });
const labels = fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true });

/** A shard's elements in order, in batches. */
const shard = fc
  .tuple(fc.uniqueArray(labels, { selector: labelText, maxLength: 12 }), fc.integer({ min: 1, max: 4 }))
  .map(([all, size]) =>
    inBatches(
      all.toSorted((left, right) => compareLabelSets(left, right)),
      size,
    ),
  );

function inBatches(all: readonly LabelSet[], size: number): LabelSet[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
}

/** Whose elements there are for each label set, in the order of labels. */
function expected(shards: readonly Batches[]): [string, string][] {
  const owners = new Map<string, { labels: LabelSet; shards: string }>();
  for (const [index, batches] of shards.entries())
    for (const labels of batches.flat()) {
      const key = labelText(labels);
      owners.set(key, { labels, shards: `${owners.get(key)?.shards ?? ""}${index}` });
    }
  return [...owners.values()]
    .toSorted((left, right) => compareLabelSets(left.labels, right.labels))
    .map(({ labels, shards }) => [labelText(labels), shards]);
}

test("matrices become one in the order of labels, equal ones put together in the order of shards", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(shard, { maxLength: 5 }), async (shards) => {
      const { elements, annotations } = await merged(mergeSorted, shards);
      expect(elements).toEqual(expected(shards));
      expect(annotations).toEqual(shards.map((_, index) => ({ warnings: [`w${index}`], infos: [] })));
    }),
    { numRuns: 500 },
  );
});

test("vectors become one whatever their order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(shard, { maxLength: 5 }), async (shards) => {
      const reversed = shards.map((batches) => batches.toReversed().map((batch) => batch.toReversed()));
      const { elements, annotations } = await merged(mergeUnsorted, reversed);
      expect(new Map(elements)).toEqual(new Map(expected(shards)));
      expect(elements).toHaveLength(expected(shards).length);
      expect(annotations).toEqual(shards.map((_, index) => ({ warnings: [`w${index}`], infos: [] })));
    }),
    { numRuns: 200 },
  );
});

const [a, b, c] = [{ x: "a" }, { x: "b" }, { x: "c" }];

test.each<[string, Batches]>([
  ["within what came together", [[a, c, b]]],
  ["between what came one after the other", [[a, c], [b]]],
  ["from one to the next", [[b], [a]]],
  ["as a label set is there twice", [[a, b, b]]],
  [
    "as a label set comes again later",
    [
      [a, b],
      [b, c],
    ],
  ],
])("a matrix that is in no order is not merged: %s", async (_, batches) => {
  await expect(merged(mergeSorted, [batches])).rejects.toThrow(NotDistributed);
  await expect(merged(mergeSorted, [[[a, b, c]], batches])).rejects.toThrow(NotDistributed);
});

const refuse = (): never => {
  throw new NotDistributed("twice");
};

test.each([mergeSorted, mergeUnsorted])("what can not be put together fails the whole", async (merge) => {
  await expect(merged(merge, [[[a, b]], [[b]]], refuse)).rejects.toThrow("twice");
  expect((await merged(merge, [[[a, c]], [[b]]], refuse)).elements).toHaveLength(3);
});

async function* broken(): ElementSource {
  yield [{ metric: labelText(a), text: Buffer.from("0") }];
  throw new Error("cut");
}

test.each([mergeSorted, mergeUnsorted])("the failure of one shard fails the whole", async (merge) => {
  const merging = merge([source([[b]], 1), broken()], joined);
  await expect(
    (async () => {
      while (!(await merging.next()).done);
    })(),
  ).rejects.toThrow("cut");
});
