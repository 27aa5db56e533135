import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { writeFolder } from "./write-folder.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "promfleet-output-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true, force: true });
});

const files = [
  { path: "topology.json", content: "{}\n", mode: 0o644 },
  { path: "servers/a/prometheus.yml", content: "global: {}\n", mode: 0o600 },
];

async function all(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .toSorted();
}

it("writes into a new folder, and replaces what it wrote before", async () => {
  const out = path.join(root, "deep", "out");
  await writeFolder(out, files, false);
  await writeFolder(out, files.slice(0, 1), false);
  expect(await all(out)).toEqual([".promfleet-rendered", "topology.json"]);
  await writeFolder(out, files, false);
  expect(await readFile(path.join(out, "servers/a/prometheus.yml"), "utf8")).toBe("global: {}\n");
  expect((await stat(path.join(out, "servers/a/prometheus.yml"))).mode & 0o777).toBe(0o600);
  expect(await readdir(path.dirname(out))).toEqual(["out"]);
});

it("writes into an empty folder", async () => {
  await writeFolder(root, files, false);
  expect(await all(root)).toEqual([".promfleet-rendered", "prometheus.yml", "topology.json"]);
});

it("leaves a folder of somebody else alone, unless forced", async () => {
  const out = path.join(root, "out");
  await mkdir(out);
  await writeFile(path.join(out, "precious"), "");
  await expect(writeFolder(out, files, false)).rejects.toMatchObject({ code: "OUTPUT_NOT_EMPTY" });
  expect(await all(out)).toEqual(["precious"]);
  await writeFolder(out, files, true);
  expect(await all(out)).not.toContain("precious");
});

it("leaves what somebody put into a folder that it wrote, unless forced", async () => {
  const out = path.join(root, "out");
  await writeFolder(out, files, false);
  await writeFile(path.join(out, "servers/a/precious"), "");
  await expect(writeFolder(out, files, false)).rejects.toMatchObject({
    code: "OUTPUT_NOT_EMPTY",
    message: expect.stringContaining("servers/a/precious") as unknown,
  });
  expect(await all(out)).toContain("precious");
  await writeFolder(out, files, true);
  expect(await all(out)).not.toContain("precious");
});

it("replaces no folder that holds what must be kept, or where the command runs, forced or not", async () => {
  const kept = path.join(root, "a/fleet.yaml");
  const here = path.join(root, "b/c");
  for (const folder of [path.dirname(kept), here]) await mkdir(folder, { recursive: true });
  await writeFile(kept, "");
  vi.spyOn(process, "cwd").mockReturnValue(here);
  for (const folder of ["a", "b", "b/c"].map((name) => path.join(root, name)))
    await expect(writeFolder(folder, files, true, kept)).rejects.toMatchObject({ code: "OUTPUT_NOT_EMPTY" });
  expect(await all(root)).toEqual(["fleet.yaml"]);
  await writeFolder(path.join(root, "a/out"), files, true, kept);
});

it("leaves what was there when it fails, and nothing else", async () => {
  const out = path.join(root, "out");
  await writeFolder(out, files, false);
  // a file where a folder is needed
  const wrong = [...files, { path: "topology.json/x", content: "", mode: 0o600 }];
  await expect(writeFolder(out, wrong, false)).rejects.toMatchObject({ code: "OUTPUT_NOT_WRITABLE" });
  expect(await all(out)).toEqual([".promfleet-rendered", "prometheus.yml", "topology.json"]);
  expect(await readdir(root)).toEqual(["out"]);
  await expect(writeFolder(path.join(out, "topology.json"), files, false)).rejects.toMatchObject({
    code: "OUTPUT_NOT_WRITABLE",
  });
});
