import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findRecorded, readProcessRecord, startRecorded } from "./process-record.ts";
import { endProcess, type RunningProcess } from "./running-process.ts";
import { writeStateFile } from "./state-file.ts";

let folder: string;
let file: string;
let started: RunningProcess[];

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "promfleet-record-"));
  file = path.join(folder, "sleeper.json");
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map(async (running) => await endProcess(running, 0)));
  await rm(folder, { recursive: true });
});

async function start(...argv: [string, ...string[]]): Promise<RunningProcess> {
  const log = path.join(folder, "sleeper.log");
  const running = await startRecorded(file, { name: "sleeper", kind: "exporter", argv, log, cwd: folder });
  started.push(running);
  return running;
}

async function recorded() {
  const record = await readProcessRecord(file);
  if (!record) throw new Error("nothing is recorded");
  return record;
}

test("a process that was started is found again by what was written down", async () => {
  const { identity } = await start("sleep", "60");
  expect(findRecorded(await recorded())).toEqual(identity);
});

test("one whose identity never was written down is found by its marker", async () => {
  const { identity } = await start("sleep", "60");
  // as it is when the supervisor is killed between the start and the second write
  await writeStateFile(file, { ...(await recorded()), identity: null });
  expect(findRecorded(await recorded())).toEqual(identity);
});

test("one that has ended is not found, though its record is there", async () => {
  const running = await start("sleep", "60");
  await endProcess(running, 1000);
  expect(findRecorded(await recorded())).toBeUndefined();
});

test("its output goes into its log, also after this process has let go of it", async () => {
  const running = await start("sh", "-c", "echo one; echo two >&2");
  expect(await running.ended).toBe("exit status 0");
  expect(await readFile(path.join(folder, "sleeper.log"), "utf8")).toBe("one\ntwo\n");
});

test("a program that is not there is an error, not a crash, and nothing runs", async () => {
  await expect(start("/nonexistent/program")).rejects.toMatchObject({ code: "PROGRAM_NOT_RUNNABLE" });
  expect(findRecorded(await recorded())).toBeUndefined();
});

test("a process that ignores SIGTERM is killed after its grace", async () => {
  const running = await start("sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done");
  expect(await endProcess(running, 300)).toBe(false);
  expect(await running.ended).toBe("SIGKILL");
});

test("a record that is damaged is told by its name", async () => {
  await writeFile(file, '{"name": "sleeper"}');
  await expect(recorded()).rejects.toMatchObject({
    code: "STATE_CORRUPT",
    message: expect.stringContaining(file) as string,
  });
});
