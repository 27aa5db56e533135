import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { WrittenSeries } from "../harness/remote-write.ts";

/** Evaluation times of the suite, s. */
export const queryRange = { start: 1_795_424_280, end: 1_795_424_880, step: 10 };

export function conformanceQueries(): string[] {
  const text = readFileSync(path.join(import.meta.dirname, "promql-queries.jsonl"), "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { query: string }).query);
}

export function demoSamples(): WrittenSeries[] {
  const packed = readFileSync(path.join(import.meta.dirname, "demo-samples.jsonl.gz"));
  return gunzipSync(packed)
    .toString()
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as WrittenSeries);
}
