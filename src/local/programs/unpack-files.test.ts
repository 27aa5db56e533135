import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unpackFiles } from "./unpack-files.ts";

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "promfleet-unpack-"));
  out = path.join(folder, "out");
  await mkdir(out);
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes the files below a folder and packs them with the tar program. */
async function pack(files: Record<string, string | Buffer>, ...args: string[]): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, "in", name)), { recursive: true });
    await writeFile(path.join(folder, "in", name), content);
  }
  const archive = path.join(folder, "archive.tar.gz");
  execFileSync("tar", ["-czf", archive, "-C", path.join(folder, "in"), ...args, "."]);
  return archive;
}

test("the wanted files of the top folder come out executable, byte for byte, and nothing else", async () => {
  const large = Buffer.alloc(3_000_001, "promfleet ");
  const archive = await pack({
    "x-1/tool": large,
    "x-1/side": "s",
    "x-1/LICENSE": "l",
    "x-1/sub/tool": "wrong",
  });
  await unpackFiles(archive, ["tool", "side"], out);
  expect((await readdir(out)).toSorted()).toEqual(["side", "tool"]);
  expect(large.equals(await readFile(path.join(out, "tool")))).toBe(true);
  expect(execFileSync("stat", ["-c", "%a", path.join(out, "side")], { encoding: "utf8" }).trim()).toBe("755");
});

test("a name that leads out of the folder is never followed", async () => {
  const archive = await pack({ tool: "evil" }, "--transform", "s,.*tool,../tool,", "-P");
  await expect(unpackFiles(archive, ["tool"], path.join(out))).resolves.toBeUndefined();
  // "../tool" has a top folder and a name like any other: it lands in the folder it was meant for
  expect(await readdir(folder)).not.toContain("tool");
  expect(await readdir(out)).toEqual(["tool"]);
});

test("a link in the place of a wanted file is not one", async () => {
  await mkdir(path.join(folder, "in/x-1"), { recursive: true });
  await symlink("/etc/passwd", path.join(folder, "in/x-1/tool"));
  const archive = await pack({ "x-1/other": "o" });
  await expect(unpackFiles(archive, ["tool"], out)).rejects.toThrow("holds no tool");
});

test("an archive that ends early, is no archive or unpacks to too much is refused", async () => {
  const archive = await pack({ "x-1/tool": Buffer.alloc(2_000_000, Math.random().toString()) });
  await expect(unpackFiles(archive, ["tool"], out, 1_000_000)).rejects.toThrow("more than 1000000 bytes");
  await rm(path.join(out, "tool"), { force: true });
  await truncate(archive, 2000);
  await expect(unpackFiles(archive, ["tool"], out)).rejects.toThrow("unexpected end of file");
  await writeFile(archive, "<html>Not found</html>");
  await expect(unpackFiles(archive, ["tool"], out)).rejects.toThrow("incorrect header check");
});
