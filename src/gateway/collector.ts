import v8 from "node:v8";
import vm from "node:vm";

interface CollectOptions {
  type: "minor" | "major";
  execution: "sync";
  flavor?: "last-resort";
}

let collector: ((options: CollectOptions) => void) | undefined;

function collect(options: CollectOptions): void {
  if (!collector) {
    v8.setFlagsFromString("--expose-gc");
    collector = vm.runInNewContext("gc") as (options: CollectOptions) => void;
  }
  collector(options);
}

/** A collection of the young generation: well below a millisecond where little is alive. */
export function collectYoung(): void {
  collect({ type: "minor", execution: "sync" });
}

/** One collection of everything: some 20 ms where little is alive, and more the more is dead. */
export function collectOnce(): void {
  collect({ type: "major", execution: "sync" });
}

/**
 * A collection of everything that gives memory back to the system: some 50 ms. For the moment after the start, which leaves 10 to 20 MB
 * behind that a quiet process would never look at again.
 */
export function collectAll(): void {
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
