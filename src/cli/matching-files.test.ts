import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { matchingFiles } from "./matching-files.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "promfleet-match-"));
  for (const file of [
    "a.yml",
    "b.yml",
    "b.yaml",
    ".hidden.yml",
    "[x].yml",
    "x/1.yml",
    "y/1.yml",
    "y/z/2.yml",
  ]) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), "");
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

// what Go's filepath.Glob finds there
it.each([
  ["a.yml", ["a.yml"]],
  ["c.yml", []],
  ["*.yml", [".hidden.yml", "[x].yml", "a.yml", "b.yml"]],
  ["?.y*ml", ["a.yml", "b.yaml", "b.yml"]],
  ["[!a].yml", ["a.yml"]],
  ["[^a].yml", ["b.yml"]],
  ["[a-b].yml", ["a.yml", "b.yml"]],
  ["\\[x].yml", ["[x].yml"]],
  ["*/1.yml", ["x/1.yml", "y/1.yml"]],
  ["**/2.yml", []],
  ["{a,b}.yml", []],
  ["*/*/*.yml", ["y/z/2.yml"]],
  ["a.yml/*", []],
  ["./x/../*.yaml", ["b.yaml"]],
])("finds with %s what Prometheus finds", async (pattern, files) => {
  const found = await matchingFiles(`${root}/${pattern}`);
  expect(found.map((file) => path.relative(root, file))).toEqual(files);
});

it("finds files of the working directory", async () => {
  expect(await matchingFiles("package.js?n")).toEqual(["package.json"]);
});
