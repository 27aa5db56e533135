import { collectYoung } from "../collector.ts";

/** Bytes of buffers that may lie around unused. */
const allowance = 4 * 1024 ** 2;

let spent = 0;

/**
 * To be told of bytes that pass through. Their buffers lie outside of V8's heap, so that passing a large answer does not look
 * like work for its collector: left alone, it lets some 100 MB of them gather. A collection of the young generation, well below a
 * millisecond here, every few MB keeps that at about 40 MB, at no cost in throughput.
 */
export function spendBuffers(bytes: number): void {
  spent += bytes;
  if (spent < allowance) return;
  spent = 0;
  collectYoung();
}
