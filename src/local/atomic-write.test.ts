import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeAtomically } from "./atomic-write.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "promfleet-write-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("a file is written for its owner alone, and replaced whole", async () => {
  const file = path.join(folder, "state.json");
  await writeAtomically(file, "one");
  await writeAtomically(file, "two");
  expect(await readFile(file, "utf8")).toBe("two");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["state.json"]);
});

test("whoever reads meanwhile sees one content or the other", async () => {
  const file = path.join(folder, "state.json");
  const contents = ["a", "b"].map((letter) => letter.repeat(200_000));
  await writeAtomically(file, contents[0] ?? "");
  const written = new AbortController();
  const reading = (async () => {
    const seen = new Set<string>();
    while (!written.signal.aborted) seen.add(await readFile(file, "utf8"));
    return seen;
  })();
  for (let round = 0; round < 20; round++) await writeAtomically(file, contents[round % 2] ?? "");
  written.abort();
  for (const content of await reading) expect(contents).toContain(content);
});

test("a write that fails says where, and leaves nothing behind", async () => {
  await writeFile(path.join(folder, "file"), "");
  await expect(writeAtomically(path.join(folder, "file", "state.json"), "x")).rejects.toMatchObject({
    code: "STATE_NOT_WRITABLE",
    message: expect.stringContaining(path.join(folder, "file", "state.json")) as string,
  });
  await mkdir(path.join(folder, "taken"));
  await expect(writeAtomically(path.join(folder, "taken"), "x")).rejects.toThrow(/EISDIR/);
  expect((await readdir(folder)).toSorted()).toEqual(["file", "taken"]);
});
