import { compareLabelTexts } from "../combine/label-text-order.ts";
import type { Annotations } from "../protocol/annotations.ts";
import { NotDistributed } from "./not-distributed.ts";
import type { ResultElement } from "./result-elements.ts";

/** The elements of one shard's answer as they come, in the end what it has said besides. */
export type ElementSource = AsyncGenerator<ResultElement[], Annotations, undefined>;

/** Makes one element of those that several shards have for the same labels, in the order of the shards. @throws NotDistributed */
export type Unite = (elements: readonly ResultElement[]) => ResultElement;

/**
 * Merges the elements of several shards' matrices into one order of labels.
 * @returns what each shard has said besides
 * @throws NotDistributed where they are in no order; whatever unite throws
 */
export async function* mergeSorted(
  sources: readonly ElementSource[],
  unite: Unite,
): AsyncGenerator<ResultElement[], Annotations[], undefined> {
  const cursors = sources.map((source) => new Cursor(source));
  await Promise.all(cursors.map(async (cursor) => await cursor.refill()));
  let merged: ResultElement[] = [];
  for (;;) {
    const equal = leastOf(cursors);
    const [first, ...more] = equal;
    if (!first?.head) break;
    merged.push(more.length === 0 ? first.head : unite(equal.flatMap(({ head }) => head ?? [])));
    for (const cursor of equal) {
      if (cursor.advance()) continue;
      if (merged.length > 0) yield merged;
      merged = [];
      await cursor.refill();
    }
  }
  if (merged.length > 0) yield merged;
  return cursors.map(({ annotations }) => annotations);
}

/**
 * The elements of vectors, which have no order, by their labels.
 * @returns what each shard has said besides
 * @throws whatever unite throws
 */
export async function* mergeUnsorted(
  sources: readonly ElementSource[],
  unite: Unite,
): AsyncGenerator<ResultElement[], Annotations[], undefined> {
  const all = new Map<string, ResultElement[]>();
  const annotations = await Promise.all(
    sources.map(async (source) => {
      const mine: ResultElement[] = [];
      for (;;) {
        const next = await source.next();
        if (next.done) return { mine, told: next.value };
        mine.push(...next.value);
      }
    }),
  );
  for (const { mine } of annotations) {
    for (const element of mine) {
      const equal = all.get(element.metric);
      if (equal) equal.push(element);
      else all.set(element.metric, [element]);
    }
  }
  yield [...all.values()].map((equal) => {
    const [only, ...more] = equal;
    return only && more.length === 0 ? only : unite(equal);
  });
  return annotations.map(({ told }) => told);
}

/** Those that have the least labels of all, in their order. */
function leastOf(cursors: readonly Cursor[]): Cursor[] {
  let least: Cursor[] = [];
  for (const cursor of cursors) {
    const { head } = cursor;
    if (!head) continue;
    const order = least[0]?.head ? compareLabelTexts(head.metric, least[0].head.metric) : -1;
    if (order === 0) least.push(cursor);
    else if (order < 0) least = [cursor];
  }
  return least;
}

/** The place in one shard's answer. */
class Cursor {
  /** The element that comes next; undefined at the end, and after `advance` gave false. */
  head: ResultElement | undefined;
  annotations: Annotations = { warnings: [], infos: [] };
  readonly #source: ElementSource;
  #batch: readonly ResultElement[] = [];
  #at = 0;

  constructor(source: ElementSource) {
    this.#source = source;
  }

  /** Goes to the next element; false if it has to be waited for by `refill`. @throws NotDistributed where it is no later one */
  advance(): boolean {
    const before = this.head;
    this.head = this.#batch[++this.#at];
    if (this.head && before && compareLabelTexts(before.metric, this.head.metric) >= 0)
      throw new NotDistributed("the series of a shard are in no order", "unordered");
    return this.head !== undefined;
  }

  async refill(): Promise<void> {
    const before = this.#batch.at(-1);
    const next = await this.#source.next();
    this.#batch = next.done ? [] : next.value;
    if (next.done) this.annotations = next.value;
    this.#at = 0;
    this.head = this.#batch[0];
    if (this.head && before && compareLabelTexts(before.metric, this.head.metric) >= 0)
      throw new NotDistributed("the series of a shard are in no order", "unordered");
  }
}
