import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { readStateFile } from "./state-file.ts";

test("what cannot be read is told apart from what is not there and from what is damaged", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "promfleet-state-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const read = async (name: string) => await readStateFile(path.join(folder, name), z.object({}));
  expect(await read("nothing.json")).toBeUndefined();
  await writeFile(path.join(folder, "cut.json"), "{");
  await expect(read("cut.json")).rejects.toMatchObject({ code: "STATE_CORRUPT" });
  await expect(read(".")).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
    message: expect.stringContaining("cannot read") as unknown,
  });
});
