import v8 from "node:v8";
import vm from "node:vm";

/** Bytes of buffers that may lie around unused. */
const allowance = 4 * 1024 ** 2;

let spent = 0;
let collect: (() => void) | undefined;

/**
 * To be told of bytes that pass through. Their buffers lie outside of V8's heap, so that passing a large answer does not look
 * like work for its collector: left alone, it lets some 100 MB of them gather. A collection of the young generation, well below a
 * millisecond here, every few MB keeps that at about 40 MB, at no cost in throughput.
 */
export function spendBuffers(bytes: number): void {
  spent += bytes;
  if (spent < allowance) return;
  spent = 0;
  collect ??= youngCollector();
  collect();
}

function youngCollector(): () => void {
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc") as (options: { type: "minor"; execution: "sync" }) => void;
  return () => gc({ type: "minor", execution: "sync" });
}
