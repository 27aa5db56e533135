import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identify } from "./process-identity.ts";
import { takeLock } from "./process-lock.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "promfleet-lock-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("is had by one at a time, and again when it was given back", async () => {
  const first = await takeLock(folder);
  expect(await takeLock(folder)).toEqual({ heldBy: process.pid });
  if ("release" in first) await first.release();
  expect(await takeLock(folder)).toHaveProperty("release");
});

test("of many who come at the same moment exactly one gets it", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, async () => await takeLock(folder)));
  expect(all.filter((one) => "release" in one)).toHaveLength(1);
});

test("ends with a holder that is killed", async () => {
  const holder = spawn("sleep", ["60"]);
  const identity = identify(holder.pid ?? 0);
  await writeFile(path.join(folder, "0.json"), JSON.stringify({ ...identity, held: true }));
  expect(await takeLock(folder)).toEqual({ heldBy: holder.pid });
  holder.kill("SIGKILL");
  await once(holder, "exit");
  expect(await takeLock(folder)).toHaveProperty("release");
  expect(await readdir(folder)).toHaveLength(1);
});

test("is not held by a process that only has the pid of its holder", async () => {
  await writeFile(
    path.join(folder, "0.json"),
    JSON.stringify({ pid: process.pid, started: "another boot:1", held: true }),
  );
  expect(await takeLock(folder)).toHaveProperty("release");
});

test("a claim that cannot be read is told, not swept away", async () => {
  await writeFile(path.join(folder, "0.json"), "{");
  await expect(takeLock(folder)).rejects.toThrow(/0\.json is damaged/);
});
