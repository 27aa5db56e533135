import type { SeriesBatch } from "./shard-series.ts";
import { type EncodedSeries, continued } from "../../remote-read/encoded-series.ts";

/** The series of one shard, or of a part of its times. */
export interface MergeSource {
  shard: string;
  /** Strictly ascending. */
  series: AsyncIterable<SeriesBatch>;
}

/**
 * Merges the series of several shards into one ascending order of labels. Parts of one shard's series are put together. Where two
 * shards have the same series, that of the first of them is taken as a whole: samples of two scrapers are never mixed.
 * @param sources in the order of the shards, those of a shard in the order of their times; reads at most one batch of each ahead. The
 *   caller ends them: where one has failed, the others are left in the middle.
 * @param onDuplicate called for each series that is left out
 */
export async function* mergeSeries(
  sources: readonly MergeSource[],
  onDuplicate: (series: EncodedSeries) => void,
): AsyncGenerator<SeriesBatch, void, undefined> {
  const cursors = sources.map((source, rank) => new Cursor(source, rank));
  await Promise.all(cursors.map((cursor) => cursor.refill()));
  const heap = new CursorHeap(cursors.filter((cursor) => cursor.head));
  let merged: EncodedSeries[] = [];
  // the last one is held back: a part of it may follow
  let last: EncodedSeries | undefined;
  let shard = "";
  for (let least = heap.least; least?.head; least = heap.least) {
    if (least.head.key !== last?.key) {
      if (last) merged.push(last);
      last = least.head;
      shard = least.shard;
    } else if (least.shard === shard) last = continued(last, least.head);
    else onDuplicate(least.head);
    if (!least.advance()) {
      if (merged.length > 0) yield merged;
      merged = [];
      await least.refill();
    }
    heap.leastChanged();
  }
  if (last) merged.push(last);
  if (merged.length > 0) yield merged;
}

/** The place in one shard's stream. */
class Cursor {
  /** The series that comes next; undefined at the end, and after `advance` gave false. */
  head: EncodedSeries | undefined;
  readonly rank: number;
  readonly shard: string;
  readonly #source: AsyncIterator<SeriesBatch>;
  #batch: SeriesBatch = [];
  #at = 0;

  constructor({ series, shard }: MergeSource, rank: number) {
    this.#source = series[Symbol.asyncIterator]();
    this.shard = shard;
    this.rank = rank;
  }

  /** Goes to the next series; false if it has to be waited for by `refill`. */
  advance(): boolean {
    this.head = this.#batch[++this.#at];
    return this.head !== undefined;
  }

  async refill(): Promise<void> {
    const next = await this.#source.next();
    this.#batch = next.done ? [] : next.value;
    this.#at = 0;
    this.head = this.#batch[0];
  }

  before(other: Cursor): boolean {
    const mine = this.head?.key ?? "";
    const theirs = other.head?.key ?? "";
    return mine === theirs ? this.rank < other.rank : mine < theirs;
  }
}

/** A binary heap of cursors that have a head, least first. */
class CursorHeap {
  readonly #cursors: Cursor[];

  constructor(cursors: readonly Cursor[]) {
    // a sorted list is a heap
    this.#cursors = cursors.toSorted((left, right) => (left.before(right) ? -1 : 1));
  }

  get least(): Cursor | undefined {
    return this.#cursors[0];
  }

  /** To be called when the least cursor has moved on or come to its end. */
  leastChanged(): void {
    const cursors = this.#cursors;
    if (!cursors[0]?.head) {
      const last = cursors.pop();
      if (!last || cursors.length === 0) return;
      cursors[0] = last;
    }
    let at = 0;
    for (;;) {
      const here = cursors[at];
      const left = cursors[2 * at + 1];
      const right = cursors[2 * at + 2];
      if (!here || !left) return;
      const child = right?.before(left) ? right : left;
      if (!child.before(here)) return;
      cursors[at] = child;
      at = child === left ? 2 * at + 1 : 2 * at + 2;
      cursors[at] = here;
    }
  }
}
