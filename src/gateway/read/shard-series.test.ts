import { expect, test } from "vitest";
import { shardSeries } from "./shard-series.ts";
import { ExternalLabels } from "../../remote-read/external-labels.ts";
import { SeriesDecoder } from "../../remote-read/encoded-series.ts";
import { exampleFrame, splitFrame } from "../../remote-read/example-series.ts";
import { encodeFrame } from "../../remote-read/frame.ts";

/** Frames in several pieces of a stream, and the frames that come out. */
async function series(
  pieces: readonly (readonly Buffer[])[],
  external: Record<string, string> = {},
  maxSeriesBytes = 1000,
): Promise<Buffer[]> {
  async function* stream() {
    for (const piece of pieces) yield piece.map((frame) => splitFrame(frame));
  }
  const found: Buffer[] = [];
  const decoder = new SeriesDecoder(ExternalLabels.of(external));
  for await (const batch of shardSeries(stream(), decoder, maxSeriesBytes)) {
    for (const one of batch) found.push(Buffer.concat(encodeFrame(one, 0)));
  }
  return found;
}

test("a series that was cut over frames, and over pieces of the stream, is whole again", async () => {
  const pieces = [
    [exampleFrame({ a: "1" }, "x"), exampleFrame({ a: "2" }, "p", "q")],
    [exampleFrame({ a: "2" }, "r")],
    [exampleFrame({ a: "2" }, "s"), exampleFrame({ a: "3" }, "y")],
  ];
  expect(await series(pieces)).toEqual([
    exampleFrame({ a: "1" }, "x"),
    exampleFrame({ a: "2" }, "p", "q", "r", "s"),
    exampleFrame({ a: "3" }, "y"),
  ]);
});

test("a series out of order is an error", async () => {
  await expect(series([[exampleFrame({ a: "2" }, "x"), exampleFrame({ a: "1" }, "y")]])).rejects.toThrow(
    'out of order: {a="1"} after {a="2"}',
  );
});

test("series that only an external label told apart are an error, not one series", async () => {
  const frames = [exampleFrame({ a: "1" }, "x"), exampleFrame({ a: "1", cluster: "eu" }, "y")];
  await expect(series([frames], { cluster: "eu" })).rejects.toThrow("without the server's external labels");
});

test("a series that is put together has a limit", async () => {
  const part = exampleFrame({ a: "1" }, "x".repeat(400));
  await expect(series([[part], [part], [part]])).rejects.toThrow("over the limit of 1000 bytes");
});

test("a stream without series is empty", async () => {
  expect(await series([])).toEqual([]);
});
