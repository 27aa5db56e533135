import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lastLines } from "./log-file.ts";

test("the last lines of a log are as many as are asked for", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "promfleet-log-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, "a.log");
  await writeFile(file, "one\ntwo\n\nthree\n");
  expect(await lastLines(file, 2)).toEqual(["two", "three"]);
  expect(await lastLines(file, 9)).toEqual(["one", "two", "three"]);
  expect(await lastLines(file, 0)).toEqual([]);
});
