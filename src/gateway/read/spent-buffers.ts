import { collectAll, collectYoung } from "../collector.ts";

/** Bytes of buffers that may lie around unused. */
const allowance = 4 * 1024 ** 2;
/** Bytes after which a quiet moment is used to give memory back. */
const much = 16 * 1024 ** 2;
/** ms in which nothing much passed. */
const quiet = 1000;

let spent = 0;
let sinceWhole = 0;
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
  collectYoung();
  if (sinceWhole < much) return;
  if (waiting) waiting.refresh();
  else waiting = setTimeout(collectWhole, quiet).unref();
}

function collectWhole(): void {
  waiting = undefined;
  sinceWhole = 0;
  collectAll();
}
