import { expect, test } from "vitest";
import type { EncodedSeries } from "./encoded-series.ts";
import { beginsWithUnknownReset, hasHistogramChunk } from "./histogram-chunk.ts";
import { ProtoWriter } from "./proto-writer.ts";

const unknown = 0b0000_0000;
const reset = 0b1000_0000;
const noReset = 0b0100_0000;
const gauge = 0b1100_0000;

const chunk = (encoding: number, ...data: number[]): Buffer =>
  new ProtoWriter()
    .bytes(2, new ProtoWriter().uint(3, encoding).bytes(4, Buffer.from(data)).finish())
    .finish();

function series(...content: Buffer[]): EncodedSeries {
  return { key: "", sentLabels: Buffer.alloc(0), labels: Buffer.alloc(0), content, frame: undefined };
}

/** The flags behind the number of samples; in front of them where samples have start times. */
const histograms = (flags: number) => chunk(2, 0, 9, flags);
const withStartTimes = (flags: number) => chunk(5, flags, 9, 0xff);

test("chunks of floats, with start times or without, are none of histograms", () => {
  expect(hasHistogramChunk(series(chunk(1, 0, 9, 0), chunk(4, 0, 9, 0)))).toBe(false);
  expect(beginsWithUnknownReset(series(chunk(1, 0, 9, 0)))).toBe(false);
});

test("a chunk of histograms is found behind those of floats, in the same buffer or in another", () => {
  expect(hasHistogramChunk(series(Buffer.concat([chunk(1, 0, 9, 0), histograms(reset)])))).toBe(true);
  expect(hasHistogramChunk(series(chunk(1, 0, 9, 0), histograms(reset)))).toBe(true);
});

test("what a series' first histogram is to the one before it is in its chunk's flags", () => {
  expect(beginsWithUnknownReset(series(histograms(unknown)))).toBe(true);
  expect(beginsWithUnknownReset(series(withStartTimes(unknown)))).toBe(true);
  for (const flags of [reset, noReset, gauge]) {
    expect(beginsWithUnknownReset(series(histograms(flags)))).toBe(false);
    expect(beginsWithUnknownReset(series(withStartTimes(flags)))).toBe(false);
  }
});

test("only the first chunk counts", () => {
  expect(beginsWithUnknownReset(series(histograms(noReset), histograms(unknown)))).toBe(false);
  expect(beginsWithUnknownReset(series(chunk(1, 0, 9, 0), histograms(unknown)))).toBe(false);
  expect(beginsWithUnknownReset(series())).toBe(false);
});
