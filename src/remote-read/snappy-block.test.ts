import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { collectAll } from "../gateway/collector.ts";
import { compressBlock, uncompressBlock } from "./snappy-block.ts";

test("memory is given back", async () => {
  const content = Buffer.alloc(4 * 1024 ** 2, "not much in it");
  const block = compressBlock(content);
  const rounds = async (count: number) => {
    for (let round = 0; round < count; round++) {
      compressBlock(content);
      uncompressBlock(block);
      if (round % 5 === 4) await collected();
    }
    await collected();
    return process.memoryUsage.rss();
  };
  const before = await rounds(20);
  // were all of it kept, it would be twice 160 MB
  expect((await rounds(40)) - before).toBeLessThan(100 * 1024 ** 2);
});

/** Buffers of native code are freed in a turn of the event loop after their collection. */
async function collected(): Promise<void> {
  collectAll();
  await turn();
  await turn();
}
