import { getHeapStatistics } from "node:v8";
import { collectAll, collectOnce, collectYoung } from "../collector.ts";

/** Bytes of buffers that may lie around unused. */
const allowance = 4 * 1024 ** 2;
/** Bytes after which a quiet moment is used to give memory back. */
const much = 16 * 1024 ** 2;
/** ms in which nothing much passed. */
const quiet = 1000;
/** Bytes of V8's heap that are much more than usual. */
const large = 48 * 1024 ** 2;
/** ms after which it is tried again where it was not the time for it. */
const later = 5000;

let spent = 0;
let sinceWhole = 0;
let hasCleared = false;
let waiting: NodeJS.Timeout | undefined;

/**
 * To be told of bytes that pass through. Their buffers lie outside of V8's heap, so that passing a large answer does not look
 * like work for its collector: left alone, it lets some 100 MB of them gather. A collection of the young generation, well below a
 * millisecond here, every few MB keeps that at about 40 MB, at no cost in throughput. When it is quiet again, all of it goes back.
 */
export function spendBuffers(bytes: number): void {
  spent += bytes;
  if (spent < allowance) return;
  sinceWhole += spent;
  spent = 0;
  // with much alive it often becomes a collection of all there is; and with so much going on V8 does enough of them by itself
  if (!isCrowded()) collectYoung();
  if (sinceWhole < much) return;
  collectWhenQuiet();
}

function collectWhenQuiet(): void {
  if (waiting) waiting.refresh();
  else waiting = setTimeout(collectWhole, quiet).unref();
}

/** Requests after which a quiet moment is used, too: what they leave behind is spread over all of the heap. */
const many = 200;
let requests = 0;

/** To be told of each request. */
export function countRequest(): void {
  if (++requests >= many) collectWhenQuiet();
}

let isCrowded = (): boolean => false;

/** @param crowded whether there are so many clients that looking at all that is alive takes longer than they are to notice */
export function crowdedWhile(crowded: () => boolean): void {
  isCrowded = crowded;
}

function collectWhole(): void {
  waiting = undefined;
  if (isCrowded()) {
    waiting = setTimeout(collectWhole, later).unref();
    return;
  }
  if (!hasCleared && getHeapStatistics().total_heap_size > large) {
    // what a crowd has left takes long, and giving memory back takes further collections: not in one go
    collectOnce();
    hasCleared = true;
    waiting = setTimeout(collectWhole, quiet).unref();
    return;
  }
  hasCleared = false;
  sinceWhole = 0;
  requests = 0;
  collectAll();
}
